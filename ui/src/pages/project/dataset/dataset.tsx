// The labelled dataset of a project.
import type { PartProps } from '../project.tsx';

export default function Dataset({ project }: PartProps) {
  return <p>{project.name}</p>;
}
