/** The version of this program, as `pawl version`, `register` and the logs tell it. */
export const VERSION = "0.1.0";
