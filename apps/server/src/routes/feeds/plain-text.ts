/**
 * Removes the characters that XML does not allow: control characters and half surrogates. Texts of logs and of commits can
 * have them, and one of them makes a whole document unreadable.
 */
export const plainText = (text: string): string => text.replace(/(?![\t\n\r])[\p{Cc}\p{Cs}\ufffe\uffff]/gu, '')

/** Cuts a text to this many characters, and says so with an ellipsis. */
export const shortened = (text: string, charactersMax: number): string =>
  text.length > charactersMax ? `${text.slice(0, charactersMax - 1)}…` : text
