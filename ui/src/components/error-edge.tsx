// Catches what a page throws, so that the rest stays usable.
import { Component, type ReactNode } from 'react';
import { Failure } from './failure.tsx';

export class ErrorEdge extends Component<{ readonly children: ReactNode }, { readonly error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return <Failure error={this.state.error} onRetry={() => this.setState({ error: null })} />;
  }
}
