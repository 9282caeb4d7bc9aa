// Training of a project.
import type { PartProps } from '../project.tsx';

export default function Train({ project }: PartProps) {
  return <p>{project.name}</p>;
}
