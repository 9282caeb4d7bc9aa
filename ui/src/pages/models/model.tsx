// One model.
export default function Model() {
  return <h1>Model</h1>;
}
