// The small drawings of the pages: lines of 1.6 on a grid of 20, in the colour of the text beside them.
const drawings = {
  projects: 'M3 5.500h5l1.500 2H17v8.500H3z',
  models: 'M10 2.500 17 6v8l-7 3.500L3 14V6zM3 6l7 3.500L17 6M10 9.500v8',
  operator: 'M3 4h14v9H3zM7 17h6M10 13v4',
  system: 'M4 4h12v5H4zM4 11h12v5H4zM7 6.500h.010M7 13.500h.010',
  book: 'M4 3.500h9a3 3 0 0 1 3 3v10H7a3 3 0 0 1-3-3zM4 13.500a3 3 0 0 1 3-3h9',
  plus: 'M10 4v12M4 10h12',
  close: 'm5 5 10 10M15 5 5 15',
  check: 'm4 10.500 4 4 8-9',
  search: 'M9 3.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11M13 13l4 4',
  upload: 'M10 13V4M6.500 7.500 10 4l3.500 3.500M4 13v3.500h12V13',
  download: 'M10 4v9M6.500 9.500 10 13l3.500-3.500M4 14v2.500h12V14',
  camera: 'M3 6.500h3L7.500 4.500h5L14 6.500h3V16H3zM10 8.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5',
  trash: 'M4 5.500h12M8 5.500V4h4v1.500M5.500 5.500l.800 11h7.400l.800-11M8.500 8.500v5M11.500 8.500v5',
  play: 'M6 4v12l10-6z',
  stop: 'M5 5h10v10H5z',
  pause: 'M7 4v12M13 4v12',
  retry: 'M15.500 8.500A6 6 0 1 0 16 11M16 4v4.500h-4.500',
  undo: 'M7 4 3.500 7.500 7 11M4 7.500h8a4 4 0 0 1 0 8H9',
  redo: 'm13 4 3.500 3.500L13 11M16 7.500H8a4 4 0 0 0 0 8h3',
  zoomIn: 'M9 3.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11M13 13l4 4M9 6.500v5M6.500 9h5',
  zoomOut: 'M9 3.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11M13 13l4 4M6.500 9h5',
  fit: 'M3.500 7V3.500H7M13 3.500h3.500V7M16.500 13v3.500H13M7 16.500H3.500V13',
  left: 'm12 4-6 6 6 6',
  right: 'm8 4 6 6-6 6',
  down: 'm4 8 6 6 6-6',
  up: 'm4 12 6-6 6 6',
  sun: 'M10 6.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7M10 2v1.500M10 16.500V18M2 10h1.500M16.500 10H18M4.300 4.300l1.100 1.100M14.600 14.600l1.100 1.100M4.300 15.700l1.100-1.100M14.600 5.400l1.100-1.100',
  moon: 'M15.500 12A6.500 6.500 0 0 1 8 4.500a6 6 0 1 0 7.500 7.500',
  auto: 'M10 3.500a6.500 6.500 0 1 0 0 13zM10 3.500a6.500 6.500 0 0 1 0 13',
  warning: 'M10 3 18 16.500H2zM10 8v4M10 14.200h.010',
  note: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14M10 9v4.500M10 6.300h.010',
  clock: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14M10 6v4l2.500 2',
  tag: 'M3.500 3.500h6l7 7-6 6-7-7zM7 7h.010',
  box: 'M4 4h12v12H4zM2.500 4h3M4 2.500v3M14.500 16h3M16 14.500v3',
  polygon: 'M4 6 11 3l6 5-3 8-8-.500z',
  eye: 'M2.500 10S5 5 10 5s7.500 5 7.500 5-2.500 5-7.500 5-7.500-5-7.500-5M10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4',
  copy: 'M7 7h9v9H7zM4 13V4h9',
  chart: 'M3.500 3.500v13h13M6.500 13l3-4 2.500 2.500 4-6',
  menu: 'M3 5.500h14M3 10h14M3 14.500h14',
  out: 'M12 4h4v12h-4M3.500 10H12M6.500 6.500 3 10l3.500 3.500',
  sound: 'M3.500 8v4h3l4 3V5l-4 3zM13 7.500a3.500 3.500 0 0 1 0 5M15 5.500a6.500 6.500 0 0 1 0 9',
  silent: 'M3.500 8v4h3l4 3V5l-4 3zM13 8l4 4M17 8l-4 4',
  full: 'M3.500 7.500v-4h4M12.500 3.500h4v4M16.500 12.500v4h-4M7.500 16.500h-4v-4',
  star: 'm10 3 2.200 4.600 5 .600-3.700 3.500 1 5L10 14.200l-4.500 2.500 1-5L2.800 8.200l5-.600z',
  link: 'M8.500 11.500 11.500 8.500M7 9l-2 2a2.800 2.800 0 0 0 4 4l2-2M13 11l2-2a2.800 2.800 0 0 0-4-4L9 7',
} as const;

export type IconName = keyof typeof drawings;

export function Icon({ name, size = 18 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={drawings[name]} />
    </svg>
  );
}
