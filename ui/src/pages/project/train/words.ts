// Words of the page that starts trainings and shows them.
import { defineWords } from '../../../text/language.tsx';

export const words = defineWords({
  en: {
    title: 'Train a model',
    train: 'Train',
    started: 'The training is in the queue.',
    advanced: 'Advanced settings',
    toDefaults: 'Back to the defaults',
    counting: 'Counting the pictures…',
    noPictures: 'There are no good pictures yet',
    noPicturesText:
      'Add pictures of good parts first. One is enough to begin; 20 or more make a threshold one can trust.',
    addPictures: 'Add pictures',
    noDataset: 'There is no labelled dataset yet',
    noDatasetText:
      'An object detector learns from pictures with boxes. Upload a dataset, or draw boxes and make one of them.',
    toDataset: 'Go to the dataset',
    busy: 'An evaluation of this project is running. A training can start once it has ended.',
    from: (n: string, ng: string | null) =>
      ng === null
        ? `Learns from ${n} good pictures`
        : `Learns from ${n} good pictures; ${ng} marked NG are left out`,
    heldOut: (n: string) => `${n} are held out for evaluations`,
    fromOne: 'Learns from one good picture',
    fromSet: (train: string, val: string, classes: string) =>
      `Learns from ${train} pictures, measured on ${val} others · ${classes} classes`,
    takes: (time: string) => `takes about ${time}`,
    takesNote: 'Estimated for two processor cores; other work on this server makes it longer.',
    tooFew: (least: string, now: string) =>
      `This method needs at least ${least} good pictures; there are ${now}.`,
    promiseOne:
      'From a single picture the threshold rests on moved copies of it: expect false alarms until you add more.',
    promise: (n: string, rate: string) =>
      `With ${n} pictures a false-alarm rate under ${rate} cannot be promised. More good pictures lower it.`,
    promiseGood: 'There are enough pictures to hold a false-alarm rate of 1 %.',
    does: {
      auto: 'It remembers what patches of good parts look like and how they vary. New parts are measured against both. No training by epochs: done in seconds.',
      'memory-bank':
        'It remembers patches that stand for all good ones. New parts are measured by the distance from the nearest.',
      subspace:
        'It learns the directions in which good patches vary. What lies outside of them is anomalous.',
      autoencoder: 'It trains a network to draw good parts. What it fails to draw is anomalous.',
      finetune: 'It goes on from the base model you choose and learns the good parts of this project.',
      yolo: 'It trains a detector that finds the objects of your classes and draws boxes around them.',
    },
  },
  th: {
    title: 'ฝึกโมเดล',
    train: 'เริ่มฝึก',
    started: 'เพิ่มงานฝึกเข้าคิวแล้ว',
    advanced: 'ตั้งค่าขั้นสูง',
    toDefaults: 'กลับเป็นค่าเริ่มต้น',
    counting: 'กำลังนับรูป…',
    noPictures: 'ยังไม่มีรูปชิ้นงานดี',
    noPicturesText: 'เพิ่มรูปชิ้นงานดีก่อน เริ่มได้ด้วยรูปเดียว แต่ 20 รูปขึ้นไปจะได้ค่าเกณฑ์ที่เชื่อถือได้',
    addPictures: 'เพิ่มรูป',
    noDataset: 'ยังไม่มีชุดข้อมูลที่ติดป้าย',
    noDatasetText: 'ตัวตรวจจับวัตถุเรียนรู้จากรูปที่มีกรอบ อัปโหลดชุดข้อมูล หรือวาดกรอบแล้วสร้างชุดข้อมูลจากกรอบนั้น',
    toDataset: 'ไปที่ชุดข้อมูล',
    busy: 'กำลังประเมินโมเดลของโครงการนี้ เริ่มฝึกได้เมื่อประเมินเสร็จ',
    from: (n: string, ng: string | null) =>
      ng === null ? `เรียนรู้จากรูปชิ้นงานดี ${n} รูป` : `เรียนรู้จากรูปชิ้นงานดี ${n} รูป ไม่ใช้รูป NG ${ng} รูป`,
    heldOut: (n: string) => `กันไว้ประเมิน ${n} รูป`,
    fromOne: 'เรียนรู้จากรูปชิ้นงานดีรูปเดียว',
    fromSet: (train: string, val: string, classes: string) =>
      `เรียนรู้จาก ${train} รูป วัดผลกับอีก ${val} รูป · ${classes} คลาส`,
    takes: (time: string) => `ใช้เวลาประมาณ ${time}`,
    takesNote: 'ประมาณสำหรับซีพียู 2 คอร์ ถ้าเซิร์ฟเวอร์มีงานอื่นจะนานกว่านี้',
    tooFew: (least: string, now: string) => `วิธีนี้ต้องมีรูปชิ้นงานดีอย่างน้อย ${least} รูป ตอนนี้มี ${now} รูป`,
    promiseOne: 'เมื่อมีรูปเดียว ค่าเกณฑ์จะมาจากรูปนั้นที่ขยับตำแหน่ง อาจมีการแจ้งเตือนผิดจนกว่าจะเพิ่มรูป',
    promise: (n: string, rate: string) =>
      `มี ${n} รูป ยังรับประกันอัตราแจ้งเตือนผิดต่ำกว่า ${rate} ไม่ได้ เพิ่มรูปชิ้นงานดีแล้วจะต่ำลง`,
    promiseGood: 'จำนวนรูปเพียงพอสำหรับอัตราแจ้งเตือนผิด 1 %',
    does: {
      auto: 'จดจำหน้าตาของชิ้นงานดีทีละส่วนและความต่างที่ยอมรับได้ แล้วเทียบชิ้นงานใหม่กับทั้งสองอย่าง ไม่ต้องฝึกเป็นรอบ เสร็จในไม่กี่วินาที',
      'memory-bank': 'จดจำส่วนตัวแทนของชิ้นงานดีทั้งหมด วัดชิ้นงานใหม่จากระยะห่างถึงส่วนที่ใกล้ที่สุด',
      subspace: 'เรียนรู้ทิศทางที่ชิ้นงานดีแตกต่างกันได้ สิ่งที่อยู่นอกนั้นถือว่าผิดปกติ',
      autoencoder: 'ฝึกโครงข่ายให้วาดชิ้นงานดี ส่วนที่วาดไม่ได้ถือว่าผิดปกติ',
      finetune: 'ฝึกต่อจากโมเดลตั้งต้นที่เลือก ให้เข้ากับชิ้นงานดีของโครงการนี้',
      yolo: 'ฝึกตัวตรวจจับให้หาวัตถุตามคลาสของคุณและวาดกรอบ',
    },
  },
});
