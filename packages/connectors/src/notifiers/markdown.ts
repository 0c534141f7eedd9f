/** Escapes each character that Markdown could read as markup. */
export const escapedMarkdown = (text: string): string => text.replace(/[\\`*_{}[\]()<>#+\-.!|~&:=]/g, '\\$&')

/** A block of code. Three backticks inside of the text would end the block. */
export const fenced = (text: string): string => `\`\`\`\n${text.replaceAll('```', "'''")}\n\`\`\``
