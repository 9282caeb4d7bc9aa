// Words around every page.
import { defineWords } from '../text/language.tsx';

export const words = defineWords({
  en: {
    skip: 'Skip to the page',
    pages: 'Pages',
    projects: 'Projects',
    models: 'Models',
    operator: 'Operator',
    system: 'System',
    docs: 'API',
    language: 'Language',
    theme: (name: string) => `Theme: ${name}`,
    themes: { auto: 'as the system', light: 'light', dark: 'dark' },
    signOut: 'Sign out',
    signIn: 'Sign in',
    signedOut: 'The session has ended.',
    away: 'The server does not answer. What is shown may be old; this page goes on by itself once it does.',
    busy: (time: string) => `The server has too much to do and asks to wait ${time}.`,
  },
  th: {
    skip: 'ข้ามไปยังเนื้อหา',
    pages: 'หน้า',
    projects: 'โครงการ',
    models: 'โมเดล',
    operator: 'หน้าจอผู้ปฏิบัติงาน',
    system: 'ระบบ',
    docs: 'API',
    language: 'ภาษา',
    theme: (name: string) => `ธีม: ${name}`,
    themes: { auto: 'ตามระบบ', light: 'สว่าง', dark: 'มืด' },
    signOut: 'ออกจากระบบ',
    signIn: 'เข้าสู่ระบบ',
    signedOut: 'เซสชันสิ้นสุดแล้ว',
    away: 'เซิร์ฟเวอร์ไม่ตอบ ข้อมูลที่แสดงอาจเก่า หน้านี้จะทำงานต่อเองเมื่อเซิร์ฟเวอร์กลับมา',
    busy: (time: string) => `เซิร์ฟเวอร์มีงานมากเกินไป กรุณารอ ${time}`,
  },
});
