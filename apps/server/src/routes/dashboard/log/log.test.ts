import { describe, expect, test } from 'vitest'
import { LineRenderer, type Shown } from './line-html.ts'
import { LineCutter } from './lines.ts'

const rendered = (log: string | Buffer) => {
  const renderer = new LineRenderer()
  return new LineCutter().push(Buffer.from(log as string)).map(line => renderer.render(line))
}

describe('the lines of a log', () => {
  test.each([
    ['plain text', 'plain text'],
    ['a\tb', 'a\tb'],
    ['<script>alert("x")</script> & \'q\'', '&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;q&#39;'],
    ['a\0b', 'a<i>␀</i>b'],
    ['bell\u0007', 'bell<i>␇</i>'],
    ['\u007f', '<i>␡</i>'],
    ['a\u202eb', 'a<i>U+202E</i>b'],
    ['10%\r50%\r100%', '100%'],
    ['dos line\r', 'dos line'],
    ['\r\r', ''],
    ['\u001b[31mred\u001b[0m plain', '<span class="fg1">red</span> plain'],
    ['\u001b[1;32mok\u001b[m', '<span class="bold fg2">ok</span>'],
    ['\u001b[91;44mx\u001b[39;49my', '<span class="fg9 bg4">x</span>y'],
    ['\u001b[38;5;196mx\u001b[0m', '<span class="fg9">x</span>'],
    ['\u001b[38;2;0;200;0mx\u001b[0m', '<span class="fg2">x</span>'],
    ['\u001b[3;4;2mx\u001b[22;23;24my', '<span class="faint italic underline">x</span>y'],
    ['\u001b[38:2::255:0:0mX', '<span class="fg9">X</span>'],
    ['\u001b[38:2:0:200:0mX', '<span class="fg2">X</span>'],
    ['\u001b[48:5:4mX', '<span class="bg4">X</span>'],
    ['\u001b[38;5;1;1mX', '<span class="bold fg1">X</span>'],
    ['\u001b[31m\u001b[4:3mX\u001b[4:0m Y', '<span class="underline fg1">X</span><span class="fg1"> Y</span>'],
    ['\u001b[7mX\u001b[27mY', '<span class="reverse">X</span>Y'],
    ['\u001b[7;31;44mX', '<span class="fg4 bg1">X</span>'],
    ['\u001b[31mred\r\u001b[Kafter', '<span class="fg1">after</span>'],
    ['\u001b[31mred\r\u001b[0m', '<span class="fg1">red</span>'],
    ['gone\r\u001b[K', ''],
    ['\u001b[31m<b>\u001b[0m', '<span class="fg1">&lt;b&gt;</span>'],
    ['\u001b[2K\u001b[1Gmoved', 'moved'],
    ['\u001b]0;title\u0007text', 'text'],
    ['\u001b]8;;javascript:alert(1)\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['\u001b(Bx', 'x'],
    ['\u001b[31', '<i>␛</i>[31'],
    ['\u001b', '<i>␛</i>'],
    ['é ⌘ 漢', 'é ⌘ 漢'],
  ])('the page renders %j as %s', (text, html) => expect(rendered(`${text}\n`)).toEqual([html]))

  test('a colour continues on the next line', () => {
    expect(rendered('\u001b[33mone\ntwo\u001b[0m\nthree\n')).toEqual([
      '<span class="fg3">one</span>',
      '<span class="fg3">two</span>',
      'three',
    ])
  })

  test('the page replaces bytes that are not UTF-8', () => {
    expect(rendered(Buffer.from([0x61, 0xff, 0xfe, 0x62, 10]))).toEqual(['a\ufffd\ufffdb'])
  })

  test('the page cuts a line of a megabyte, and shows how many bytes are missing', () => {
    const [html] = rendered(`${'x'.repeat(1_000_000)}\n`)
    expect(html).toBe(`${'x'.repeat(4096)}<i class=cut> … 995904 more bytes in this line</i>`)
  })

  test('the page does not cut a line inside a character', () => {
    const [odd] = rendered(`a${'é'.repeat(3000)}\n`)
    expect(odd).toContain('é<i class=cut>')
  })
})

describe('a page of a log', () => {
  const line = (text: string, shown: Shown) => {
    const renderer = new LineRenderer(shown)
    const [html] = new LineCutter().push(Buffer.from(`${text}\n`)).map(cut => renderer.render(cut))
    return { html, workPath: renderer.workPath }
  }

  test.each([
    ['Error: an ERROR', 'error', '<mark>Error</mark>: an <mark>ERROR</mark>'],
    ['a.c a+c', 'a.c', '<mark>a.c</mark> a+c'],
    ['if (a<b)', '<b', 'if (a<mark>&lt;b</mark>)'],
    ['\u001b[31mred error\u001b[0m', 'red', '<span class="fg1"><mark>red</mark> error</span>'],
  ])('in %j, the page marks the text %j', (text, find, html) => expect(line(text, { find }).html).toBe(html))

  test.each([
    ['/home/farm/work/attempt-7.1/src/a.c:1: error', '<b class=work>$FARM_WORK</b>/src/a.c:1: error'],
    ['cc -I/home/farm/work/attempt-7.1 -c', 'cc -I<b class=work>$FARM_WORK</b> -c'],
    ['/home/farm/work/attempt-7.12/src', '/home/farm/work/attempt-7.12/src'],
    ['attempt-7.1 starts', 'attempt-7.1 starts'],
  ])('of %j, the page shows %j', (text, html) => expect(line(text, { attempt: '7.1' }).html).toBe(html))

  test('the page knows the work path that it does not show', () => {
    expect(line("'/var/farm/attempt-7.1/x'", { attempt: '7.1' }).workPath).toBe('/var/farm/attempt-7.1')
  })

  test('the server needs little time for a line that looks like many paths', () => {
    const start = process.cpuUsage()
    line(`${'/a'.repeat(2000)}/attempt-7.1x`, { attempt: '7.1' })
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(2_000)
  })
})

describe('the split of a log into lines', () => {
  test('the server joins the parts of a line that arrives in two chunks', () => {
    const cutter = new LineCutter()
    expect(cutter.push(Buffer.from('one\ntw')).map(text)).toEqual(['one'])
    expect(cutter.unfinished && text(cutter.unfinished)).toBe('tw')
    expect(cutter.push(Buffer.from('o\n\nthree\n')).map(text)).toEqual(['two', '', 'three'])
    expect(cutter.unfinished).toBeUndefined()
  })

  test('of a long line, the server keeps only the bytes that a page shows', () => {
    const cutter = new LineCutter()
    for (let chunk = 0; chunk < 100; chunk++) cutter.push(Buffer.alloc(65_536, 'x'))
    expect(cutter.unfinished?.bytes.length).toBe(4096)
    const [line] = cutter.push(Buffer.from('\n'))
    expect(line).toMatchObject({ length: 6_553_600 })
  })
})

const text = ({ bytes }: { bytes: Uint8Array }) => Buffer.from(bytes).toString()
