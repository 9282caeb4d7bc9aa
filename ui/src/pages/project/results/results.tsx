// What the models of a project have learnt.
import type { PartProps } from '../project.tsx';

export default function Results({ project }: PartProps) {
  return <p>{project.name}</p>;
}
