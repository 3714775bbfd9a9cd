import {
  createIdentity,
  describeKeystore,
  type Identity,
  KeystoreFolder,
  openKeystore,
  type Protection,
} from '@kithnet/identity'
import { folders } from './folders.ts'
import { type PasswordOptions, readPassword } from './password.ts'

/** Where an identity's file may be given, besides its name. */
export interface IdentityOptions extends PasswordOptions {
  /** Path of the file itself. */
  readonly path?: string | undefined
}

/** The user's key files. */
export function identityFolder(): KeystoreFolder {
  return new KeystoreFolder(folders().identities)
}

/** The identity of a name or path, its password asked for only when the file has one; a fresh one without either. */
export async function openIdentity(
  name: string | undefined,
  options: IdentityOptions,
): Promise<Identity> {
  const path = options.path ?? (name === undefined ? undefined : identityFolder().pathOf(name))
  if (path === undefined) return createIdentity()
  const info = await describeKeystore(path)
  const protection: Protection = info.protected
    ? { kind: 'password', password: await readPassword(options) }
    : { kind: 'none' }
  return openKeystore(path, protection)
}
