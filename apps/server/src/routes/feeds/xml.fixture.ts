// libxml2's xmllint, compiled to WebAssembly: the same program on every machine.
import { validateXML } from 'xmllint-wasm'

/** The messages of xmllint. The list is empty if the document is well-formed, and valid if there is a schema. */
export async function xmlErrors(contents: string, schema?: string): Promise<string[]> {
  const xml = [{ fileName: 'document.xml', contents }]
  const { errors } = await validateXML({
    xml,
    ...(schema === undefined ? { normalization: 'format' } : { schema: [schema] }),
  })
  return errors.map(({ message }) => message)
}

/** The schema of https://cctray.org/v1/ */
export const cctraySchema = `<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified">
  <xs:element name="Projects"><xs:complexType><xs:sequence>
    <xs:element name="Project" minOccurs="0" maxOccurs="unbounded"><xs:complexType>
      <xs:attribute name="name" type="xs:NMTOKEN" use="required"/>
      <xs:attribute name="activity" use="required"><xs:simpleType><xs:restriction base="xs:NMTOKEN">
        <xs:enumeration value="Sleeping"/><xs:enumeration value="Building"/><xs:enumeration value="CheckingModifications"/>
      </xs:restriction></xs:simpleType></xs:attribute>
      <xs:attribute name="lastBuildStatus" use="required"><xs:simpleType><xs:restriction base="xs:NMTOKEN">
        <xs:enumeration value="Exception"/><xs:enumeration value="Success"/><xs:enumeration value="Failure"/><xs:enumeration value="Unknown"/>
      </xs:restriction></xs:simpleType></xs:attribute>
      <xs:attribute name="lastBuildLabel" type="xs:NMTOKEN"/>
      <xs:attribute name="lastBuildTime" type="xs:dateTime" use="required"/>
      <xs:attribute name="nextBuildTime" type="xs:dateTime"/>
      <xs:attribute name="webUrl" type="xs:string" use="required"/>
    </xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>`
