import { describe, expect, test } from 'vitest'
import { junit, noticesOf, parse, shown } from './parse.fixture.ts'

describe('habits of programs that write JUnit XML', () => {
  test.each<[title: string, text: string, expected: string[]]>([
    [
      'the root may be testsuites',
      '<testsuites><testsuite name="s"><testcase name="a"/></testsuite></testsuites>',
      ['s › a: passed'],
    ],
    ['the root may be testsuite', '<testsuite name="s"><testcase name="a"/></testsuite>', ['s › a: passed']],
    [
      'suites may be nested',
      '<testsuites><testsuite name="outer"><testsuite name="inner"><testcase name="a"/></testsuite></testsuite></testsuites>',
      ['outer › inner › a: passed'],
    ],
    ['suites may be empty', '<testsuites><testsuite name="s" tests="0"/></testsuites>', []],
    [
      'the cases count, and not the counters of the suite',
      '<testsuite name="s" tests="7" failures="0"><testcase name="a"><failure message="no"/></testcase></testsuite>',
      ['s › a: failed'],
    ],
    [
      'Surefire: a flaky failure is a passed test with several tries',
      junit(
        '<testcase classname="C" name="a"><flakyFailure message="1 of 2">trace</flakyFailure><flakyError message="2"/></testcase>',
      ),
      ['s › C › a: passed (3 tries)'],
    ],
    [
      'Surefire: a rerun failure is a failed test with several tries',
      junit(
        '<testcase name="a"><failure message="no"/><rerunFailure message="no"/><rerunError message="x"/></testcase>',
      ),
      ['s › a: failed (3 tries)'],
    ],
    [
      'Surefire: equal names of methods are numbered',
      junit('<testcase classname="C" name="a"/><testcase classname="C" name="a"><failure/></testcase>'),
      ['s › C › a: passed', 's › C › a #2: failed'],
    ],
    [
      'Surefire: a suite with the name of the class counts once',
      junit('<testcase classname="org.x.FooTest" name="a"/>', 'org.x.FooTest'),
      ['org.x.FooTest › a: passed'],
    ],
    [
      'pytest: the class name may be empty',
      junit('<testcase classname="" name="test_a"/>', 'pytest'),
      ['pytest › test_a: passed'],
    ],
    [
      'pytest: parameters may contain ::',
      junit('<testcase classname="t.test_x" name="test_a[a::b-0]"/>', 'pytest'),
      ['pytest › t.test_x › test_a[a::b-0]: passed'],
    ],
    [
      'pytest: a failure and a failed teardown are one test',
      junit(
        '<testcase classname="t" name="test_a"><failure message="assert 0"/></testcase>' +
          '<testcase classname="t" name="test_a"><error message="failed on teardown with &quot;x&quot;"/></testcase>',
      ),
      ['s › t › test_a: failed'],
    ],
    [
      'pytest: an expected failure is no skipped test',
      junit('<testcase name="a"><skipped type="pytest.xfail" message="bug 1"/></testcase>'),
      ['s › a: expected-failure'],
    ],
    [
      'GoogleTest: result says more than status',
      junit(
        '<testcase name="A" status="run" result="skipped" classname="F"/>' +
          '<testcase name="B" status="notrun" result="suppressed" classname="F"/>' +
          '<testcase name="C" status="run" result="completed" classname="F"/>',
        'F',
      ),
      ['F › A: skipped', 'F › B: skipped', 'F › C: passed'],
    ],
    [
      'Jest: equal names are numbered',
      junit('<testcase classname="{classname}" name="adds"/><testcase classname="{classname}" name="adds"/>', 'math'),
      ['math › {classname} › adds: passed', 'math › {classname} › adds #2: passed'],
    ],
    [
      'go-junit-report: a parent that fails with a subtest is no test of its own',
      junit(
        '<testcase classname="p" name="TestA"><failure message="Failed"/></testcase>' +
          '<testcase classname="p" name="TestA/x"><failure message="Failed">x.go:3: no</failure></testcase>' +
          '<testcase classname="p" name="TestA/y"/><testcase classname="p" name="TestB"/>',
        'p',
      ),
      ['p › TestA/x: failed', 'p › TestA/y: passed', 'p › TestB: passed'],
    ],
    [
      'go-junit-report: a parent that fails alone is a failed test',
      junit('<testcase name="TestA"><failure message="Failed"/></testcase><testcase name="TestA/x"/>', 'p'),
      ['p › TestA: failed', 'p › TestA/x: passed'],
    ],
    [
      'kyua: an expected failure has no element, and a broken test is an error',
      '<?xml version="1.0" encoding="iso-8859-1"?>\n<testsuite>\n<properties><property name="env.SECRET" value="hunter2"/></properties>\n' +
        '<testcase classname="bin.sh.x" name="a" time="0.1"><system-err>Expected failure result details\n' +
        '-------------------------------\n\nPR bin/1\n\nTest case metadata\n</system-err></testcase>\n' +
        '<testcase classname="bin.sh.x" name="b"><error message="Test case exited early"/></testcase></testsuite>',
      ['bin.sh.x › a: expected-failure', 'bin.sh.x › b: errored'],
    ],
    ['a skipped test has an element', junit('<testcase name="a"><skipped/></testcase>'), ['s › a: skipped']],
    ['a status alone can say that a test failed', junit('<testcase name="a" status="failed"/>'), ['s › a: failed']],
  ])('%s', async (_title, text, expected) => {
    expect(shown(await parse(text))).toEqual(expected)
  })

  test('the environment of kyua is not stored', async () => {
    const text =
      '<testsuite><properties><property name="env.K" value="hunter2"/></properties><testcase name="a"><failure/></testcase></testsuite>'
    expect(JSON.stringify(await parse(text))).not.toContain('hunter2')
  })

  test('kyua: the reason of an expected failure is kept', async () => {
    const errors = 'Expected failure result details\n-------------------------------\n\nPR bin/1\n\nTest case metadata'
    const { tests } = await parse(junit(`<testcase name="a"><system-err>${errors}</system-err></testcase>`))
    expect(tests[0]?.message).toBe('PR bin/1')
  })

  test('a file without line and file is read, and with them they are kept', async () => {
    const { tests } = await parse(
      junit('<testcase name="a"/><testcase name="b" file="t/x.py" line="12" time="1,200.25"/>'),
    )
    expect(tests.map(({ file, line, durationMs }) => [file, line, durationMs])).toEqual([
      [null, null, null],
      ['t/x.py', 12, 1_200_250],
    ])
  })

  test('the message is the attribute, and the excerpt is the text or else the output of the test', async () => {
    const { tests } = await parse(
      junit(
        '<testcase name="a"><failure message="1 != 2" type="T">x.c:3: 1 != 2</failure><system-out>noise</system-out></testcase>' +
          '<testcase name="b"><failure/><system-out>got 3\n</system-out></testcase>' +
          '<testcase name="c"><error type="E"><![CDATA[first\nsecond]]></error></testcase>' +
          '<testcase name="d"><system-out>noise</system-out></testcase>',
      ),
    )
    expect(tests.map(({ message, excerpt }) => [message, excerpt])).toEqual([
      ['1 != 2', 'x.c:3: 1 != 2'],
      [null, 'got 3\n'],
      ['first', 'first\nsecond'],
      [null, null],
    ])
  })

  test.each([
    [
      'a suite that counts failures and lists no test is reported',
      '<testsuite name="./pkg [build failed]" errors="1"/>',
      'the suite "./pkg [build failed]" counts 1 failures, but lists no test',
    ],
    [
      'the text of a panic may belong to another test',
      junit('<testcase name="TestA"><failure>panic: boom\n\ngoroutine 1</failure></testcase>'),
      'a panic ended the tests; the report may name the wrong test',
    ],
    [
      'equal names give a notice',
      junit('<testcase name="a"/><testcase name="a"/>'),
      '1 tests have the name of an earlier test; the farm numbers them: #2, #3 …',
    ],
    ['an empty file is reported', '', 'the file is empty'],
  ])('%s', async (_title, text, notice) => {
    expect(noticesOf(await parse(text))).toEqual([notice])
  })
})

describe('hostile and broken XML', () => {
  const entities = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('')

  test.each([
    ['a DOCTYPE', '<!DOCTYPE testsuite><testsuite><testcase name="a"/></testsuite>', 'refused: the file has a DOCTYPE'],
    [
      'an entity bomb',
      `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">${entities}]><testsuite><testcase name="&l9;"/></testsuite>`,
      'refused: the file has a DOCTYPE',
    ],
    [
      'an external entity',
      '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&e;"/></testsuite>',
      'refused: the file has a DOCTYPE',
    ],
    [
      'another root',
      '<html><body>404</body></html>',
      'refused: the root element is "html", and not testsuites or testsuite',
    ],
    [
      'an unknown encoding',
      '<?xml version="1.0" encoding="EBCDIC-CP-US"?><testsuite><testcase name="a"/></testsuite>',
      'refused: its encoding is EBCDIC-CP-US; write UTF-8',
    ],
  ])('%s is refused', async (_title, text, notice) => {
    const parsed = await parse(text)
    expect([shown(parsed), noticesOf(parsed)[0], parsed.runs[0]?.complete]).toEqual([[], notice, false])
  })

  test('a DOCTYPE that never ends is refused before the whole file is read', async () => {
    let pieces = 0
    const text = `<!DOCTYPE x [${'<!ENTITY a "b">'.repeat(100_000)}`
    const parsed = await parse([{ text, pieceBytes: 1000 }], {
      now: () => {
        pieces++
        return 0
      },
    })
    expect([noticesOf(parsed)[0], pieces < 10]).toEqual(['refused: the file has a DOCTYPE', true])
  })

  test('control characters are replaced, and escape sequences are removed', async () => {
    const text = junit(
      '<testcase name="a\x01b"><failure message="\x1b[31mred\x1b[0m&#x1b;[1m&#0;">\x00\x08 x</failure></testcase>',
    )
    const { tests } = await parse(text)
    expect(tests[0]).toMatchObject({ name: 'a\uFFFDb', message: 'red\uFFFD[1m\uFFFD', excerpt: '\uFFFD\uFFFD x' })
  })

  test.each([
    [
      'ISO-8859-1',
      Buffer.from(
        '<?xml version="1.0" encoding="iso-8859-1"?><testsuite><testcase name="caf\xe9"/></testsuite>',
        'latin1',
      ),
      'café',
    ],
    ['UTF-8 with a byte order mark', Buffer.from('\uFEFF<testsuite><testcase name="café"/></testsuite>'), 'café'],
    [
      'UTF-16',
      Buffer.from(
        '\uFEFF<?xml version="1.0" encoding="UTF-16"?><testsuite><testcase name="café"/></testsuite>',
        'utf16le',
      ),
      'café',
    ],
    ['UTF-8 with wrong bytes', Buffer.from('<testsuite><testcase name="caf\xe9"/></testsuite>', 'latin1'), 'caf\uFFFD'],
  ])('%s is read', async (_title, text, name) => {
    expect((await parse(text)).tests.map(found => found.name)).toEqual([name])
  })

  test('a character that arrives in two pieces is whole', async () => {
    const parsed = await parse([{ text: junit('<testcase name="ééé"/>'), pieceBytes: 3 }])
    expect(shown(parsed)).toEqual(['s › ééé: passed'])
  })

  test.each([
    ['a file that ends early', '<testsuite name="s"><testcase name="a"/><testcase name="b"', 'Unclosed root tag'],
    [
      'an unknown entity',
      '<testsuite name="s"><testcase name="a"/><testcase name="&lol;"/>',
      'Invalid character entity',
    ],
    ['a tag without its end', '<testsuite name="s"><testcase name="a"/></testsuites>', 'Unexpected close tag'],
  ])('%s keeps the tests before the mistake', async (_title, text, why) => {
    const parsed = await parse(text)
    expect([shown(parsed), parsed.runs[0]?.complete]).toEqual([['s › a: passed'], false])
    expect(noticesOf(parsed)[0]).toMatch(new RegExp(`^line 1: not well-formed XML: .*${why}`, 'i'))
  })

  test('a reference that arrives in two pieces is whole', async () => {
    const parsed = await parse([{ text: junit('<testcase name="&#27;&amp;&#xe9;&#x1F600;\x1b[31m"/>'), pieceBytes: 1 }])
    expect(shown(parsed)).toEqual(['s › \uFFFD&é😀: passed'])
  })

  test('names of the prototype are ordinary names', async () => {
    const text = junit(
      '<testcase name="__proto__" classname="constructor"><failure message="toString"/></testcase>',
      '__proto__',
    )
    expect(shown(await parse(text))).toEqual(['__proto__ › constructor › __proto__: failed'])
  })
})

describe('limits of JUnit XML', () => {
  test.each([
    [
      'the depth',
      { depthMax: 5 },
      `<testsuite name="s"><testcase name="a"/>${'<testsuite name="x">'.repeat(6)}<testcase name="b"/>`,
      'line 1: elements are nested more than 5 deep',
    ],
    [
      'an attribute',
      { attributeMax: 10 },
      '<testsuite name="s"><testcase name="a"><failure message="0123456789abc"/></testcase></testsuite>',
      'an attribute message has 13 characters; the farm keeps the first 10',
    ],
    [
      'a text',
      { textMax: 1000, excerptMax: 10 },
      `<testsuite name="s"><testcase name="a"><failure>${'x'.repeat(1001)}</failure></testcase></testsuite>`,
      'a text has more than 1000 characters; the farm keeps the first 10',
    ],
    [
      'the number of tests',
      { resultsMax: 1 },
      '<testsuite name="s"><testcase name="a"/><testcase name="b"/><testcase name="c"/></testsuite>',
      'there are more tests; the farm kept the first 1',
    ],
  ])('%s has a limit, and the part before it is kept', async (_title, limits, text, notice) => {
    const parsed = await parse(text, { limits })
    expect(shown(parsed)[0]).toMatch(/^s › a: /)
    expect(parsed.tests).toHaveLength(1)
    expect(noticesOf(parsed)).toContain(notice)
  })

  test('an attribute larger than the buffer ends the file with a notice', async () => {
    const text = `<testsuite name="s"><testcase name="a"/><testcase name="${'x'.repeat(3_000_000)}"/></testsuite>`
    const parsed = await parse(text)
    expect([shown(parsed), noticesOf(parsed)]).toEqual([
      ['s › a: passed'],
      ['line 1: not well-formed XML: Max buffer length exceeded: attribValue'],
    ])
  })

  test('a message has at most 4 KiB and an excerpt at most 64 KiB', async () => {
    const { tests } = await parse(
      junit(`<testcase name="a"><failure message="${'m'.repeat(5000)}">${'x'.repeat(100_000)}</failure></testcase>`),
    )
    expect([tests[0]?.message?.length, tests[0]?.excerpt?.length]).toEqual([4096, 65_536])
  })
})
