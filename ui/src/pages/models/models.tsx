// All models.
export default function Models() {
  return <h1>Models</h1>;
}
