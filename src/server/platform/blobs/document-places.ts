// Which files among the blobs are documents: the two stores share the original's folders.

/** Below these, all is documents. */
const folders = [/^\.okapi(\/|$)/, /^projects\/[^/]+\/labels(\/|$)/];
const files = [/^projects\/[^/]+\/meta\.json$/, /^(projects|datasets)\/[^/]+\/raw\/_index\.json$/];

/** Whether a key, with its extension, or a folder of keys belongs to the DocStore. */
export function isDocumentPlace(key: string): boolean {
  return [...folders, ...files].some((place) => place.test(key));
}
