// Words around the results of a project: which model, which view.
import { defineWords } from '../../../text/language.tsx';

export const words = defineWords({
  en: {
    model: 'Model',
    newest: 'newest',
    noModels: 'There is no model yet',
    noModelsText:
      'Train one first. Then this page shows what it learned, where its threshold lies and how far to trust it.',
    train: 'Train a model',
    view: 'View',
    views: { threshold: 'Threshold', evaluation: 'Evaluation', compare: 'Compare', drift: 'Upkeep' },
    viewsOfYolo: { figures: 'Figures', thresholds: 'Thresholds' },
    unknownModel: 'This project has no such model, or no longer. Here is its newest.',
    trained: 'Trained',
    epochs: (n: string) => `${n} epochs`,
    test: 'Test with it',
  },
  th: {
    model: 'โมเดล',
    newest: 'ล่าสุด',
    noModels: 'ยังไม่มีโมเดล',
    noModelsText: 'ฝึกโมเดลก่อน แล้วหน้านี้จะแสดงสิ่งที่โมเดลเรียนรู้ ค่าเกณฑ์ และความน่าเชื่อถือ',
    train: 'ฝึกโมเดล',
    view: 'มุมมอง',
    views: { threshold: 'ค่าเกณฑ์', evaluation: 'การประเมิน', compare: 'เปรียบเทียบ', drift: 'ดูแลโมเดล' },
    viewsOfYolo: { figures: 'ผลวัด', thresholds: 'ค่าเกณฑ์' },
    unknownModel: 'โครงการนี้ไม่มีโมเดลนั้น หรือถูกลบไปแล้ว แสดงโมเดลล่าสุดแทน',
    trained: 'ฝึกเมื่อ',
    epochs: (n: string) => `${n} รอบ`,
    test: 'ทดสอบด้วยโมเดลนี้',
  },
});
