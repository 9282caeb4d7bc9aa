// Boxes on the pictures of a project.
import type { PartProps } from '../project.tsx';

export default function Label({ project }: PartProps) {
  return <p>{project.name}</p>;
}
