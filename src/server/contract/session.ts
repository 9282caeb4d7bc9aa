// Requests and answers about who is signed in.
import Type, { type Static } from 'typebox';
import { Moment } from './values.ts';

export const SignIn = Type.Object(
  { key: Type.String({ minLength: 1, maxLength: 200, description: 'an API key' }) },
  { additionalProperties: false },
);
export type SignIn = Static<typeof SignIn>;

export const SessionInfo = Type.Object({
  name: Type.String({ description: 'of the key; "local" where no keys are needed' }),
  scope: Type.Enum(['read', 'write', 'admin']),
  expires_at: Type.Union([Moment, Type.Null()], { description: 'null when it does not end by itself' }),
});
export type SessionInfo = Static<typeof SessionInfo>;
