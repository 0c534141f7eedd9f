/** Reads and describes farm.yaml without a database, for programs that check a file before a farm uses it. */
export { farmSchema } from './projects/farm-schema.rule.ts'
export { describeMistake, type FarmYamlMistake, readFarmYaml } from './projects/farm-yaml.rule.ts'
