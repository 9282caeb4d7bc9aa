import { defineWords } from '../../../text/language.tsx';

export const words = defineWords({
  en: {
    learned: 'Good pictures',
    threshold: 'Threshold',
    alarms: 'False alarms',
    hardest: 'The good pictures that look least like the others',
    hardestHint: 'Look whether each is good: one bad part among them raises the threshold.',
    score: (score: string) => `score ${score}`,
  },
  th: {
    learned: 'รูปชิ้นงานดี',
    threshold: 'เกณฑ์',
    alarms: 'แจ้งเตือนผิด',
    hardest: 'รูปชิ้นงานดีที่ต่างจากรูปอื่นมากที่สุด',
    hardestHint: 'ตรวจดูว่าทุกรูปเป็นของดีจริง ถ้ามีชิ้นงานเสียปนอยู่ เกณฑ์จะสูงเกินไป',
    score: (score: string) => `คะแนน ${score}`,
  },
});
