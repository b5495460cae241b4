/** The script of the page of `nanoc inspect --html`: it highlights an operator and its lines together, and opens blocks. */

export const script = `
const all = (s, of = document) => [...of.querySelectorAll(s)];
const unlight = () => all('.lit').forEach((e) => e.classList.remove('lit'));
const openTo = (e) => { for (let d = e.closest('details'); d; d = d.parentElement.closest('details')) d.open = true; };
function outermostClosed(e) {
  let found;
  for (let d = e.closest('details'); d; d = d.parentElement.closest('details')) if (!d.open) found = d;
  return found;
}
function bring(line) {
  const box = line.closest('.spec'), head = line.parentElement.previousElementSibling.offsetHeight;
  const top = line.offsetTop - head, end = line.offsetTop + line.offsetHeight - box.clientHeight;
  if (box.scrollTop > top || box.scrollTop < end) box.scrollTop = top - box.clientHeight / 3;
}
function light(e) {
  unlight();
  if (e.matches('.op')) {
    e.classList.add('lit');
    const line = document.getElementById('l' + e.dataset.line);
    line?.classList.add('lit');
    if (line) bring(line);
    const ids = e.dataset.ids.split(' ');
    all('[data-of]').forEach((u) => { if (ids.includes(u.dataset.of)) u.classList.add('lit'); });
  } else {
    e.classList.add('lit');
    for (const o of all('.op[data-line="' + e.id.slice(1) + '"]')) {
      o.classList.add('lit');
      outermostClosed(o)?.firstElementChild.classList.add('lit');
    }
  }
}
function go(e) {
  light(e);
  const other = e.matches('.op') ? document.getElementById('l' + e.dataset.line) : all('.op.lit').at(-1);
  if (!other) return;
  openTo(other);
  other.scrollIntoView({ block: 'nearest', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
}
for (const e of all('.op, .spec li')) {
  e.addEventListener('mouseenter', () => light(e));
  e.addEventListener('click', () => go(e));
  e.addEventListener('keydown', (k) => { if (k.key === 'Enter') go(e); });
}
for (const s of all('[data-of]')) s.addEventListener('click', (k) => {
  const from = document.querySelector('[data-ids~="' + s.dataset.of + '"]');
  if (from) { k.stopPropagation(); openTo(from); from.scrollIntoView({ block: 'center' }); from.focus(); light(from); }
});
document.getElementById('open').onclick = () => all('#graph details').forEach((d) => { d.open = true; });
document.getElementById('close').onclick = () => all('#graph details').forEach((d) => { d.open = false; });
`;
