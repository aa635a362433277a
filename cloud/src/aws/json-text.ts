/**
 * JSON that a service keeps as text and answers as it is: it goes into a JSON response without being parsed and written
 * again. Only for answers that go over the wire; callers in process get values.
 */
export class JsonText {
  constructor(readonly text: string) {}

  /** For whoever writes it together with other values, a trace for one. */
  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}
