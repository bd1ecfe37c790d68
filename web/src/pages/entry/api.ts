/** The ways in. */
import { type Session, send } from '../../api/client';
import type { components } from '../../api/schema';

type Schemas = components['schemas'];

export const logIn = (login: Schemas['Login']) => send<Session>('POST', '/api/session', login);
export const setUp = (setup: Schemas['Setup']) => send<Session>('POST', '/api/setup', setup);
