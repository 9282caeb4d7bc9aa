// Local folders for what is not yet, or never will be, in a store: staged uploads, jobs' working folders.
export interface Workspace {
  /** A new file's path in the staging folder; `release` removes the file when it is still there. */
  stage(): { readonly path: string; release(): Promise<void> };
  /** The working folder of a job, made when it is not there. */
  jobFolder(jobId: string): Promise<string>;
  removeJobFolder(jobId: string): Promise<void>;
  /** Removes staged files and folders of jobs that are not in `keep`. Called once at the start. */
  sweep(keepJobs: ReadonlySet<string>): Promise<void>;
}
