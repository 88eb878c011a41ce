// Values that look personal and belong to nobody: example domains (RFC 2606),
// numbers that telephone authorities keep for drama, documentation networks
// (RFC 5737, RFC 3849), card numbers of networks' test ranges, computed check digits.

/** A small generator of pseudo-random numbers: the same seed, the same set. */
export function randomness(seed) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = (n) => Math.floor(next() * n)
  return {
    below,
    pick: (list) => list[below(list.length)],
    digits: (n) => Array.from({ length: n }, () => below(10)).join(''),
    from: (alphabet, n) => Array.from({ length: n }, () => alphabet[below(alphabet.length)]).join(''),
  }
}

const HEX = '0123456789abcdef'
const BASE62 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const LOCALS = ['jo', 'jo.doe', 'j_doe', 'jo+news', "o'neill", 'info', 'x', 'user1984', 'a.b.c', 'jo-ann', '42', 'jürgen', 'zoë.k', 'иван', '用户']
const DOMAINS = ['example.org', 'example.com', 'mail.example.net', 'example.co.uk', 'sub.dept.example.org', 'bücher.example', 'xn--bcher-kva.example', 'пример.example', '例子.example', 'EXAMPLE.COM', 'my-shop.example']

export const email = (r) => r.pick([
  () => `${r.pick(LOCALS)}@${r.pick(DOMAINS)}`,
  () => `${r.pick(LOCALS)}${r.below(999)}@${r.pick(DOMAINS)}`,
  () => `${r.pick(['jo', 'kim', 'sam'])}＠${r.pick(['example.org', 'mail.example.net'])}`,
  () => `${r.pick(['jo', 'kim'])}\u200d@\u200bexam\u200bple.org`,
  () => `${r.pick(['jo', 'kim'])}%40example.org`,
])()

// Forms by country, `#` a digit. Where the authority keeps a range, it is used.
const PHONES = [
  '+1 555-010-####', '+24-06 970 5###', '007-456-94##', '+393.67-1098.2###', '070 1785 8###', '089 / 123 45##', '8(495)12345##', '(07700) 1234##', '0331/1234###', '+41 (0) 44 123 4# ##', '011-31-20-555-####', '056-1234###', '+1 (212) 555-01##', '+1.415.555.01##', '+1212555 01##', '+15125550###', '(303) 555-01##', '303-555-01##', '303.555.01##', '303 555 01##', '1-800-555-01##', '(303)555-01##', '303-555-01## x##', '303-555-01## ext. ###', '001-303-555-01##', '+1-303-555-01##x###',
  '+44 1632 960###', '+44 (0)1632 960###', '01632 960###', '(01632) 960###', '07700 900###', '07700900###', '+447700900###', '020 7946 0###', '0044 20 7946 0###',
  '+49 30 23125 ###', '030 23125###', '030/23125###', '(030) 23125 ###', '0049 30 23125###', '+49 (0)171 39200##', '0171-39200##', '0151 2312 5###',
  '+33 1 99 00 ## ##', '01 99 00 ## ##', '01.99.00.##.##', '06 39 98 ## ##', '+33(0)1 99 00 ## ##', '0033 1 99 00 ## ##',
  '+61 491 570 ###', '0491 570 ###', '(02) 5550 ####', '02 5550 ####', '1300 975 7##',
  '+34 612 34 5# ##', '+39 06 1234 5###', '06 1234 5###', '+31 6 12345###', '06-12345###', '020-555 ####', '+41 44 555 ## ##', '044 555 ## ##',
  '+46 70 174 06 ##', '070-174 06 ##', '+45 12 34 5# ##', '+47 21 00 0# ##', '+358 50 123 4###', '+48 22 123 4# ##', '+420 601 123 ###', '+36 1 555 0###', '06-20-555-0###',
  '+7 495 123-4#-##', '8 (495) 123-4#-##', '8-800-555-3#-##', '+380 44 123 4# ##', '+90 212 555 0# ##', '0212 555 0# ##', '+30 21 0123 4###',
  '+55 11 95555-####', '(11) 95555-####', '11 95555-####', '+52 55 5555 ####', '55 5555 ####', '+54 11 5555-####', '+57 601 555 ####',
  '+86 138 0013 8###', '138 0013 8###', '138-0013-8###', '+81 3-5555-####', '03-5555-####', '090-5555-####', '+82 10-5555-####', '010-5555-####', '02-555-####',
  '+91 98765 4####', '98765 4####', '+91-98765-4####', '+65 6555 ####', '+852 5555 ####', '+62 812-5555-####', '+27 21 555 0###', '+20 2 5555 0###', '+972 54-555-0###', '054-555-0###', '+966 50 555 0###', '+971 50 555 0###',
]
const wide = (text) => text.replace(/[0-9]/g, (d) => String.fromCodePoint(0xff10 + Number(d)))
const arabic = (text) => text.replace(/[0-9]/g, (d) => String.fromCodePoint(0x660 + Number(d)))
export const phone = (r) => {
  const text = r.pick(PHONES).replace(/#/g, () => 2 + r.below(8))
  return r.pick([...Array(14).fill((t) => t), wide, arabic, (t) => t.replace(/ /g, '\u00a0'), (t) => t.replace(/-/g, '\u2011')])(text)
}
/** Numbers that are phones only because the words say so. */
export const bare_phone = (r) => r.pick(['555-0###', '5550###', '20255501##', '120255501##', '9876543###', '612 345 ###', '12 34 5# ##', '6555 ####', '333 1234###', '13800138###', '5550 12##'])
  .replace(/#/g, () => 2 + r.below(8))

const luhn = (body) => {
  let sum = 0
  ;[...body].reverse().forEach((d, i) => { const v = Number(d) * (i % 2 ? 1 : 2); sum += v > 9 ? v - 9 : v })
  return body + ((10 - (sum % 10)) % 10)
}
const grouped = (text, sizes, sign) => { let at = 0; return sizes.map((n) => text.slice(at, (at += n))).join(sign) }
export const card = (r) => {
  const [prefix, length, groups] = r.pick([['411111', 16, [4, 4, 4, 4]], ['400000', 16, [4, 4, 4, 4]], ['555555', 16, [4, 4, 4, 4]], ['510510', 16, [4, 4, 4, 4]], ['222300', 16, [4, 4, 4, 4]], ['378282', 15, [4, 6, 5]], ['601111', 16, [4, 4, 4, 4]], ['356600', 16, [4, 4, 4, 4]], ['305693', 14, [4, 6, 4]], ['620000', 19, [4, 4, 4, 4, 3]]])
  const number = luhn(prefix + r.digits(length - prefix.length - 1))
  return r.pick([() => number, () => grouped(number, groups, ' '), () => grouped(number, groups, '-'), () => wide(grouped(number, groups, ' ')), () => grouped(number, groups, '\u00a0')])()
}

const IBANS = { DE: 18, GB: 'AAAA14', FR: 23, NL: 'AAAA10', ES: 20, IT: 'A22', BE: 12, CH: 17, AT: 16, PL: 24, SE: 20, NO: 11, DK: 14, FI: 14, PT: 21, IE: 'AAAA14', CZ: 20, SK: 20, HU: 24, RO: 'AAAA16', GR: 23, TR: 22, SA: 20, AE: 19, IL: 19, LU: 16, MT: 'AAAA23', BR: '23A1', UA: 25, LT: 16 }
export const iban = (r) => {
  const country = r.pick(Object.keys(IBANS))
  const bban = String(IBANS[country]).replace(/\d+/g, (n) => r.digits(Number(n))).replace(/A/g, () => r.pick([...'BCKNWMAL']))
  let rest = 0
  for (const c of bban + country + '00') rest = /\d/.test(c) ? (rest * 10 + Number(c)) % 97 : (rest * 100 + c.charCodeAt(0) - 55) % 97
  const number = country + String(98 - rest).padStart(2, '0') + bban
  return r.pick([() => number, () => number.replace(/(.{4})(?=.)/g, '$1 '), () => number.replace(/(.{4})(?=.)/g, '$1-'), () => number.toLowerCase()])()
}

export const ssn = (r) => r.pick([() => `9${r.digits(2)}-${10 + r.below(90)}-${1000 + r.below(9000)}`, () => '078-05-1120', () => '219-09-9999', () => `987-65-43${20 + r.below(10)}`, () => `9${r.digits(2)} ${10 + r.below(90)} ${1000 + r.below(9000)}`])()
export const ip = (r) => r.pick([
  () => `192.0.2.${r.below(255)}`, () => `198.51.100.${r.below(255)}`, () => `203.0.113.${r.below(255)}`, () => `10.${r.below(255)}.${r.below(255)}.${r.below(255)}`,
  () => `2001:db8::${r.from(HEX, 1 + r.below(4))}`, () => `2001:0db8:${Array.from({ length: 6 }, () => r.from(HEX, 4)).join(':')}`, () => `2001:db8:${r.from(HEX, 3)}::${r.from(HEX, 3)}:${r.digits(1)}`, () => `::ffff:192.0.2.${r.below(255)}`, () => `fe80::${r.from(HEX, 4)}:${r.digits(2)}ff:fe${r.digits(2)}:${r.from(HEX, 4)}%eth0`, () => `2001:DB8:0:0:8:800:200C:${r.digits(3)}A`,
])()
const b64url = (text) => Buffer.from(text).toString('base64url')
export const jwt = (r) => `${b64url('{"alg":"HS256","typ":"JWT"}')}.${b64url(`{"sub":"${r.digits(6)}","iat":1700000000}`)}.${r.from(BASE62 + '-_', 42)}A`
export const key = (r) => r.pick([
  () => `sk-proj-${r.from(BASE62, 40)}`, () => `sk-ant-api03-${r.from(BASE62, 60)}`, () => `sk_live_${r.from(BASE62, 24)}`, () => `sk_test_${r.from(BASE62, 24)}`, () => `ghp_${r.from(BASE62, 36)}`, () => `github_pat_${r.from(BASE62, 22)}_${r.from(BASE62, 59)}`,
  () => `glpat-${r.from(BASE62, 20)}`, () => `xoxb-${r.digits(12)}-${r.digits(12)}-${r.from(BASE62, 24)}`, () => `AKIA${r.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 15)}2`, () => `AIza${r.from(BASE62, 35)}`, () => `SG.${r.from(BASE62, 22)}.${r.from(BASE62, 43)}`, () => `npm_${r.from(BASE62, 36)}`, () => `hf_${r.from(BASE62, 34)}`, () => `shpat_${r.from(HEX, 32)}`,
])()
export const token = (r) => r.from(BASE62, 20 + r.below(20)) + 'a7'
export const password = (r) => r.pick(['hunter2', 'S3cret!', 'correct-horse7', 'Tr0ub4dor&3', 'pa$$w0rd', 'qwerty123', 'Zx9#mmPl'])
export const pem = (r) => `-----BEGIN ${r.pick(['', 'RSA ', 'EC ', 'OPENSSH '])}PRIVATE KEY-----\n${r.from(BASE62 + '+/', 64)}\n${r.from(BASE62, 30)}==\n-----END ${'RSA '}PRIVATE KEY-----`
export const person = (r) => r.pick(['jdoe', 'jane', 'kim.lee', 'm-garcia', 'petra_k', 'user01'])

const DNI = 'TRWAGMYFPDXBNJZSQVHLCKE'
export const national = (r) => r.pick([
  () => { const n = r.digits(8); return n + DNI[Number(n) % 23] },
  () => { const n = r.digits(7); return 'X' + n + DNI[Number(n) % 23] },
  () => { const d = [...r.digits(9)].map(Number); for (let k = 0; k < 2; k++) { const s = d.reduce((a, v, i) => a + v * (d.length + 1 - i), 0); d.push(((s * 10) % 11) % 10) } const t = d.join(''); return `${t.slice(0, 3)}.${t.slice(3, 6)}.${t.slice(6, 9)}-${t.slice(9)}` },
  () => `RSSMRA${r.digits(2)}A${10 + r.below(19)}H${r.digits(3)}Z`,
  () => `AB${r.digits(6)}C`,
  () => { const b = `1${r.digits(2)}0${1 + r.below(9)}${r.digits(2)}${r.digits(3)}${r.digits(3)}`; const k = String(97n - (BigInt(b) % 97n)).padStart(2, '0'); return `${b[0]} ${b.slice(1, 3)} ${b.slice(3, 5)} ${b.slice(5, 7)} ${b.slice(7, 10)} ${b.slice(10, 13)} ${k}` },
  () => { const b = `756${r.digits(9)}`; const s = [...b].reduce((a, v, i) => a + Number(v) * (i % 2 ? 3 : 1), 0); const t = b + ((10 - (s % 10)) % 10); return `${t.slice(0, 3)}.${t.slice(3, 7)}.${t.slice(7, 11)}.${t.slice(11)}` },
])()
