// The view for the line.
export default function Operator() {
  return <h1>Operator</h1>;
}
