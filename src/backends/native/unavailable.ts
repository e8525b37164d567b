/** Printed C cannot be compiled or run here: an error of one line for who asked for it by name, a reason for `auto`. */
import { UsageError } from "../../base/errors.ts";

export class Unavailable extends UsageError {}
