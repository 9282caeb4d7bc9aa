// The pictures of a project.
import type { PartProps } from '../project.tsx';

export default function Pictures({ project }: PartProps) {
  return <p>{project.name}</p>;
}
