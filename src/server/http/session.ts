// Routes of the session: signing in with a key, who is signed in, signing out.
import { ServerError } from '../contract/errors.ts';
import type { Handlers } from './handler.ts';
import { clearSessionCookie, presentedToken, setSessionCookie } from './session-cookie.ts';

export const sessionHandlers: Handlers<'startSession' | 'getSession' | 'endSession'> = {
  async startSession({ services: { keys, sessions, context }, body, actor, request, reply }) {
    const key = await keys.findKey(body.key);
    if (key === null) throw new ServerError('auth.missing', 'expected a valid API key');
    const { token, expires_at } = await sessions.start(key);
    await context.audit.record({ ...actor, name: key.name }, 'session.start', `keys/${key.name}`);
    setSessionCookie(request, reply, token, context.config.server.session_hours);
    return { name: key.name, scope: key.scope, expires_at };
  },

  async getSession({ request: { access } }) {
    return access;
  },

  async endSession({ services: { sessions, context }, actor, request, reply }) {
    const token = presentedToken(request.method, request.headers);
    if (token !== null) {
      await sessions.end(token);
      await context.audit.record(actor, 'session.end', `keys/${actor.name}`);
    }
    clearSessionCookie(request, reply);
    return { ok: true };
  },
};
