import { Component, type ReactNode } from "react";
import { Failure } from "./parts.tsx";

interface Props {
  /** Another place is drawn anew. */
  place: string;
  children: ReactNode;
}

/** Where a view fails to draw, it alone says so: the rest of the console goes on. */
export class Boundary extends Component<Props, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override componentDidUpdate({ place }: Props): void {
    if (place !== this.props.place && this.state.error) this.setState({ error: undefined });
  }

  override render(): ReactNode {
    const { error } = this.state;
    return error ? <Failure error={error} onRetry={() => this.setState({ error: undefined })} /> : this.props.children;
  }
}
