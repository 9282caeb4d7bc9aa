// The settings of the server, after defaults, config.yaml, .env and environment were put together.
export interface Config {
  readonly root_dir: string;
  readonly data_dir: string;
  readonly models_dir: string;
  readonly datasets_dir: string;
  readonly projects_dir: string;
  readonly tmp_dir: string;
  readonly server: {
    readonly host: string;
    readonly port: number;
    /** Host names under which the server may be called besides its own address. */
    readonly allowed_hosts: readonly string[];
    /** Origins of web pages that may call the API (CORS). */
    readonly allowed_origins: readonly string[];
    /** Whether X-Forwarded-For is believed. */
    readonly trust_proxy: boolean;
    /** How long one stays signed in on a page. */
    readonly session_hours: number;
  };
  readonly uploads: {
    readonly allowed_extensions: readonly string[];
    readonly max_files_per_upload: number;
    readonly max_file_size_mb: number;
    readonly max_total_size_mb: number;
    readonly max_megapixels: number;
    readonly decode_timeout_seconds: number;
  };
  readonly training: {
    readonly batch_size: number;
    readonly val_ratio: number;
    readonly patience: number;
    readonly min_epochs_before_early_stop: number;
    readonly require_approval: boolean;
    /** A command put before the training process, split into words. */
    readonly sandbox_command: readonly string[];
    readonly device: string;
    readonly threads: number | null;
    readonly weights_dir: string;
  };
  readonly jobs: {
    readonly max_workers: number;
    readonly poll_interval_seconds: number;
    readonly max_queued: number;
    readonly max_memory_mb: number;
    readonly max_hours: number;
    /** How long jobs that have ended are remembered. */
    readonly keep_days: number;
  };
  readonly inference: {
    readonly device: string;
    readonly threads: number | null;
    readonly max_memory_mb: number;
    readonly max_waiting_requests: number;
    readonly preview_hours: number;
  };
  readonly rate_limits: {
    readonly uploads_per_minute: number;
    readonly deletes_per_minute: number;
    readonly failed_downloads_per_minute: number;
  };
  readonly log: { readonly level: string };
}
