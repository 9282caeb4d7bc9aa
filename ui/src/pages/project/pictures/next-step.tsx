// What comes after the pictures, and what the check of them found.
import type { ReactNode } from 'react';
import { addresses } from '../../../addresses.ts';
import { Button, LinkButton } from '../../../components/button.tsx';
import { Icon } from '../../../components/icon.tsx';
import type { ProjectInfo } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { useSaid } from '../../../text/said.ts';
import type { HygieneState } from './use-hygiene.ts';
import { words } from './words.ts';

/** What a training by patches can begin with. */
const fewestGood = 2;

export function NextStep({ project, good }: { readonly project: ProjectInfo; readonly good: number }) {
  const w = useWords(words);
  const format = useFormat();
  const isYolo = project.training_mode === 'yolo';
  if (!isYolo && good < fewestGood) return null;
  return (
    <div className="pictures-next">
      <span>{isYolo ? w.nextLabel : w.nextTrain(format.count(good))}</span>
      <LinkButton
        to={addresses.project(project.project_id, isYolo ? 'label' : 'train')}
        look={project.last_model_id === null ? 'primary' : 'plain'}
        icon={isYolo ? 'box' : 'play'}
      >
        {isYolo ? w.label : w.train}
      </LinkButton>
    </div>
  );
}

export function HygieneLine({
  state,
  flagged,
  onShow,
}: {
  readonly state: HygieneState;
  readonly flagged: number;
  readonly onShow: () => void;
}) {
  const w = useWords(words);
  const said = useSaid();
  const format = useFormat();
  const { hygiene, isChecking, error, check } = state;
  if (isChecking) return <Line icon={<span className="spinner" aria-hidden="true" />}>{w.checking}…</Line>;
  const again = (
    <Button small look="quiet" icon="retry" onClick={check}>
      {hygiene === undefined && error === null ? w.check : w.checkAgain}
    </Button>
  );
  if (error !== null)
    return (
      <Line icon={<Icon name="warning" />} action={again}>
        {w.checkFailed} {said(error)}
      </Line>
    );
  if (hygiene === undefined) return <Line action={again} />;
  if (flagged === 0)
    return (
      <Line icon={<Icon name="check" />} action={again}>
        {w.checked(format.count(hygiene.checked))}
      </Line>
    );
  return (
    <Line
      icon={<Icon name="warning" />}
      action={
        <>
          <Button small onClick={onShow}>
            {w.show}
          </Button>
          {again}
        </>
      }
    >
      {w.flagged(format.count(flagged))}
    </Line>
  );
}

function Line({
  icon,
  children,
  action,
}: {
  readonly icon?: ReactNode;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div className="pictures-check" role="status">
      {icon}
      {children !== undefined && <span>{children}</span>}
      {action}
    </div>
  );
}
