/** The words of a text: a list of names, written short. */
export function words(text: string): string[] {
  return text.split(" ");
}
