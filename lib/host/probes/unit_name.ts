/** The names of systemd's units. */

/** Whether `text` can be a unit's name, with or without its suffix. */
export function isUnitName(text: string): boolean {
  // Nothing that begins like an option, and no separator of any kind.
  return text.length <= 255 && /^[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*$/.test(text);
}

const SUFFIX = /\.(?:service|socket|target|timer|mount|automount|swap|path|slice|scope|device)$/;

/** With its suffix: `ssh` is `ssh.service`. */
export function unitName(text: string): string {
  return SUFFIX.test(text) ? text : `${text}.service`;
}
