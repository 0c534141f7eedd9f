// The keys of farm.yaml for the content of sources, and for sources that are not in git.
import Type from 'typebox'
import { yamlText } from './yaml-schema.ts'

const flag = yamlText('^(true|false)$', 'true or false')

export const WrittenContents = { submodules: Type.Optional(flag), lfs: Type.Optional(flag) }

export const WrittenOtherSource = {
  module: Type.Optional(
    yamlText('^(?!-)(?!.*(^|/)\\.{0,2}(/|$))[A-Za-z0-9._+/-]{1,300}$', 'a module of CVS, such as src/lib'),
  ),
  tarball: Type.Optional(
    yamlText(
      '^https?://[^\\x00-\\x20\\x7f]{1,1000}$',
      'the URL of a tarball, which begins with https:// or http://, without spaces',
    ),
  ),
  sha256: Type.Optional(yamlText('^[0-9a-f]{64}$', 'the SHA-256 of the tarball: 64 hexadecimal digits (0-9, a-f)')),
  strip: Type.Optional(yamlText('^[0-9]$', 'a number from 0 to 9: how many leading directories the farm removes')),
}

export const SourceContents = {
  /** Whether the tarball has the content of submodules, and of files in git LFS. Absent means no. */
  submodules: Type.Optional(Type.Boolean()),
  lfs: Type.Optional(Type.Boolean()),
}

export const OtherSource = {
  /** The module of CVS. */
  module: Type.Optional(Type.String()),
  /** The source is the tarball at the URL in `repository`. By default, one common leading directory is removed. */
  tarball: Type.Optional(
    Type.Object({ sha256: Type.String(), strip: Type.Optional(Type.Integer({ minimum: 0, maximum: 9 })) }),
  ),
}
