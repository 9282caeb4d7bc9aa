// Tests of new pictures.
import type { PartProps } from '../project.tsx';

export default function Test({ project }: PartProps) {
  return <p>{project.name}</p>;
}
