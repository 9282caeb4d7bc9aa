// Words of drift: whether what is tested today still looks like what the model learnt from.
import { defineWords } from '../../../text/language.tsx';

export const words = defineWords({
  en: {
    title: 'Does it still fit?',
    intro: (n: string) =>
      `The newest ${n} tests against the pictures that the model was calibrated on. A changed lamp, lens or part shows here before the verdicts go wrong.`,
    measuring: 'Measuring the pictures the model learnt from; the first time takes a while…',
    none: 'Nothing was tested with this model yet',
    noneText: 'After 20 tests this page says whether scores, brightness and sharpness are as they were.',
    test: 'Test pictures',
    figures: { score: 'Score', brightness: 'Brightness', sharpness: 'Sharpness' },
    verdicts: {
      stable: 'as before',
      watch: 'keep an eye on it',
      drifted: 'has changed',
      unknown: 'not known',
    },
    now: 'now',
    before: 'at the calibration',
    shift: 'shift',
    deviations: (x: string) => `${x} deviations`,
    says: {
      stable: 'Nothing to do.',
      watch: 'A shift of one deviation or more. Look again soon.',
      drifted:
        'A shift of two deviations or more. Look at lamp, lens and parts; train again if the change is meant.',
      unknown: 'Too few tests, or the calibration is not known.',
    },
    update: {
      title: 'False alarms',
      text: 'These tests are marked as false alarms. The model can learn that such parts are good: a new model is made in seconds, and this one stays.',
      textOfNet:
        'These tests are marked as false alarms. With them the threshold is found anew: a new model is made in seconds, and this one stays.',
      none: 'No test with this model is marked as a false alarm. Mark them on the page “Test”; the model can then learn that such parts are good.',
      choose: (name: string) => `Learn ${name}`,
      run: (n: number) => (n === 1 ? 'Update with 1 picture' : `Update with ${n} pictures`),
      from: 'Updated from',
      added: (n: number) => (n === 1 ? '1 picture was added' : `${n} pictures were added`),
    },
  },
  th: {
    title: 'ยังเหมาะอยู่หรือไม่',
    intro: (n: string) =>
      `การทดสอบล่าสุด ${n} ครั้ง เทียบกับรูปที่ใช้ตั้งค่าโมเดล ถ้าไฟ เลนส์ หรือชิ้นงานเปลี่ยน จะเห็นที่นี่ก่อนตัดสินผิด`,
    measuring: 'กำลังวัดรูปที่โมเดลเรียน ครั้งแรกใช้เวลาสักครู่…',
    none: 'ยังไม่ได้ทดสอบด้วยโมเดลนี้',
    noneText: 'เมื่อทดสอบครบ 20 ครั้ง หน้านี้จะบอกว่าคะแนน ความสว่าง และความคมชัดยังเหมือนเดิมหรือไม่',
    test: 'ทดสอบรูป',
    figures: { score: 'คะแนน', brightness: 'ความสว่าง', sharpness: 'ความคมชัด' },
    verdicts: { stable: 'เหมือนเดิม', watch: 'เฝ้าดู', drifted: 'เปลี่ยนไปแล้ว', unknown: 'ไม่ทราบ' },
    now: 'ตอนนี้',
    before: 'ตอนตั้งค่า',
    shift: 'เลื่อนไป',
    deviations: (x: string) => `${x} ส่วนเบี่ยงเบน`,
    says: {
      stable: 'ไม่ต้องทำอะไร',
      watch: 'เลื่อนไปหนึ่งส่วนเบี่ยงเบนขึ้นไป ดูอีกครั้งเร็ว ๆ นี้',
      drifted: 'เลื่อนไปสองส่วนเบี่ยงเบนขึ้นไป ตรวจไฟ เลนส์ และชิ้นงาน ถ้าตั้งใจเปลี่ยนให้ฝึกใหม่',
      unknown: 'ทดสอบน้อยเกินไป หรือไม่ทราบค่าตอนตั้ง',
    },
    update: {
      title: 'แจ้งเตือนผิด',
      text: 'การทดสอบเหล่านี้ทำเครื่องหมายว่าแจ้งเตือนผิด โมเดลเรียนรู้ได้ว่าชิ้นงานแบบนี้ดี จะได้โมเดลใหม่ในไม่กี่วินาที โมเดลเดิมยังอยู่',
      textOfNet:
        'การทดสอบเหล่านี้ทำเครื่องหมายว่าแจ้งเตือนผิด จะหาค่าเกณฑ์ใหม่จากรูปเหล่านี้ ได้โมเดลใหม่ในไม่กี่วินาที โมเดลเดิมยังอยู่',
      none: 'ยังไม่มีการทดสอบด้วยโมเดลนี้ที่ทำเครื่องหมายว่าแจ้งเตือนผิด ทำเครื่องหมายได้ในหน้า “ทดสอบ” แล้วโมเดลจะเรียนรู้ว่าชิ้นงานแบบนั้นดี',
      choose: (name: string) => `เรียนรู้ ${name}`,
      run: (n: number) => `อัปเดตด้วย ${n} รูป`,
      from: 'อัปเดตจาก',
      added: (n: number) => `เพิ่มแล้ว ${n} รูป`,
    },
  },
});
