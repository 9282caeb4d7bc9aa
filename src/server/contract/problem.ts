// The form of every error answer: problem+json (RFC 9457) with a stable code.
import Type, { type Static } from 'typebox';

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'where the code is documented' }),
    title: Type.String({ description: 'what the code means' }),
    status: Type.Integer(),
    code: Type.String({ description: 'stable; made for programs' }),
    detail: Type.String({ description: 'what was expected and what came; made for people' }),
    requestId: Type.String({ description: 'under which the log names this request' }),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          path: Type.String({ description: 'such as body.epochs' }),
          code: Type.String(),
          detail: Type.String(),
        }),
      ),
    ),
  },
  { description: 'application/problem+json' },
);
export type Problem = Static<typeof Problem>;
