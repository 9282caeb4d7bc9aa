// Which pictures a person should look at, by the server's check: at once for a few pictures, on request for many.
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { api, type ImageItem, type ResultOf } from '../../../server/client.ts';

export type Hygiene = ResultOf<'getHygiene'>;
export type Flag = Hygiene['flags'][number];

/** A check takes some hundredths of a second for each picture. */
const atOnce = 300;
const fewest = 2;

export interface HygieneState {
  readonly hygiene: Hygiene | undefined;
  readonly flagsOf: ReadonlyMap<string, readonly Flag[]>;
  readonly isChecking: boolean;
  readonly error: unknown;
  check(): void;
}

export function useHygiene(
  projectId: string,
  images: readonly ImageItem[],
  isUploading: boolean,
): HygieneState {
  const [asked, setAsked] = useState(false);
  const isFew = images.length >= fewest && images.length <= atOnce;
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ['hygiene', projectId],
    queryFn: () => api.getHygiene({ project_id: projectId }),
    enabled: !isUploading && (asked || isFew),
    // Marks change the set too; a person asks for another check.
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const flagsOf = useMemo(() => {
    const flags = new Map<string, Flag[]>();
    for (const flag of data?.flags ?? [])
      flags.set(flag.filename, [...(flags.get(flag.filename) ?? []), flag]);
    return flags;
  }, [data]);
  return {
    hygiene: data,
    flagsOf,
    isChecking: isFetching,
    error,
    check() {
      setAsked(true);
      if (data !== undefined || error !== null) void refetch();
    },
  };
}
