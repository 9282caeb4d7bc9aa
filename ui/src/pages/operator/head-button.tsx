// One of the few things an operator may do, with its name beside it where there is room.
import { Button } from '../../components/button.tsx';
import type { IconName } from '../../components/icon.tsx';

export function HeadButton({
  icon,
  name,
  isPressed,
  onClick,
}: {
  readonly icon: IconName;
  readonly name: string;
  readonly isPressed?: boolean;
  readonly onClick: () => void;
}) {
  return (
    <Button look="quiet" icon={icon} title={name} aria-pressed={isPressed} onClick={onClick}>
      <span className="op-label">{name}</span>
    </Button>
  );
}
