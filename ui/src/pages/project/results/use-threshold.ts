// Saving a threshold: tests use it from then on, and all that rests on it is asked anew.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTell, useTellError } from '../../../components/toasts.tsx';
import { type ArgumentsOf, api } from '../../../server/client.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './threshold-words.ts';

type Change = ArgumentsOf<'patchThreshold'>['body'];

export function useThreshold(modelId: string, onSaved?: () => void) {
  const client = useQueryClient();
  const tell = useTell();
  const tellError = useTellError();
  const w = useWords(words);
  return useMutation({
    mutationFn: (body: Change) => api.patchThreshold({ model_id: modelId, body }),
    async onSuccess(model) {
      client.setQueryData(['model', modelId], model);
      await Promise.all(
        [['scores', modelId], ['models'], ['inspection', modelId]].map((queryKey) =>
          client.invalidateQueries({ queryKey }),
        ),
      );
      onSaved?.();
      tell(w.savedTell);
    },
    onError: tellError,
  });
}
