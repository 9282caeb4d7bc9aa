// The one place that loads sharp, set up for a long-lived process.
import sharp from 'sharp';

// No cache of operations and one thread a picture: pictures run side by side instead, and glibc keeps less of what
// the decoders freed (sharp issues 955 and 2607).
sharp.cache(false);
sharp.concurrency(1);

export { sharp };
