/** Control characters of C0 and C1, DEL, and the marks that change the direction of a text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to replace
const control = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** A text of the farm as one line, without characters that could control the terminal. */
export const clean = (text: string): string => text.replace(/\s+/g, ' ').replace(control, '\ufffd').trim()

/** Escape sequences: CSI, then OSC and other strings, then all others. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find
const sequences = /\u001b\[([0-?]*)[ -/]*([@-~])|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]?/g

/**
 * A part of a log for a terminal: keeps colours, tabs and line ends, and removes everything else that could control the
 * terminal. A log is the output of any program.
 */
export const cleanLog = (text: string): string =>
  text
    .replace(sequences, (all, parameters?: string, final?: string) =>
      final === 'm' && /^[\d;:]*$/.test(parameters ?? '') ? all : '',
    )
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f-\u009f]/g, '')
