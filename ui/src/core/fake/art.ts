// Drawn stand-ins for video, for the fake core only.

export type Words = Record<'brb' | 'bye1' | 'bye2' | 'open1' | 'open2' | 'p3' | 'p3sub', string>;

/** Definitions and symbols; a picture is made by `use`. */
export const art = (w: Words): string => `<defs>
<linearGradient id="g-wall" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#d9cdc0"/><stop offset=".55" stop-color="#b9a898"/><stop offset="1" stop-color="#8e7c6e"/></linearGradient>
<radialGradient id="g-glow" cx=".3" cy=".18" r=".75"><stop offset="0" stop-color="#fff7ea" stop-opacity=".62"/><stop offset="1" stop-color="#fff7ea" stop-opacity="0"/></radialGradient>
<linearGradient id="g-niche" x1="0" y1="0" x2="1" y2="0"><stop offset="0" stop-color="#7c695b"/><stop offset=".35" stop-color="#a3917f"/><stop offset="1" stop-color="#b8a796"/></linearGradient>
<linearGradient id="g-table" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#d7c9ba"/><stop offset=".12" stop-color="#b7a492"/><stop offset="1" stop-color="#8d7b6b"/></linearGradient>
<linearGradient id="g-skin" x1=".1" y1="0" x2=".95" y2="1"><stop offset="0" stop-color="#f3d3bb"/><stop offset=".6" stop-color="#e2b396"/><stop offset="1" stop-color="#c08e70"/></linearGradient>
<linearGradient id="g-neck" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#b27f62"/><stop offset=".6" stop-color="#dcae90"/></linearGradient>
<linearGradient id="g-knit" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#6d7d78"/><stop offset="1" stop-color="#36423f"/></linearGradient>
<linearGradient id="g-knit2" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#cdbfae"/><stop offset="1" stop-color="#8e7d6b"/></linearGradient>
<linearGradient id="g-hair" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#4a3831"/><stop offset="1" stop-color="#1d1513"/></linearGradient>
<linearGradient id="g-tube" x1="0" y1="0" x2="1" y2="0"><stop offset="0" stop-color="#0f0e0e"/><stop offset=".22" stop-color="#4d4846"/><stop offset=".34" stop-color="#191616"/><stop offset=".8" stop-color="#0b0a0a"/><stop offset="1" stop-color="#3a3533"/></linearGradient>
<linearGradient id="g-gold" x1="0" y1="0" x2="1" y2="0"><stop offset="0" stop-color="#7c5f34"/><stop offset=".25" stop-color="#f1dcae"/><stop offset=".5" stop-color="#b18c51"/><stop offset="1" stop-color="#6c5028"/></linearGradient>
<linearGradient id="g-brick" x1="0" y1="0" x2="1" y2="0"><stop offset="0" stop-color="#6f2018"/><stop offset=".3" stop-color="#c4604c"/><stop offset=".55" stop-color="#a03b2c"/><stop offset="1" stop-color="#5c1812"/></linearGradient>
<linearGradient id="g-rose" x1="0" y1="0" x2="1" y2="0"><stop offset="0" stop-color="#86404a"/><stop offset=".3" stop-color="#d98c92"/><stop offset="1" stop-color="#7a343f"/></linearGradient>
<linearGradient id="g-nude" x1="0" y1="0" x2="1" y2="0"><stop offset="0" stop-color="#8f5a45"/><stop offset=".3" stop-color="#d9a58c"/><stop offset="1" stop-color="#85503c"/></linearGradient>
<linearGradient id="g-berry" x1="0" y1="0" x2="1" y2="0"><stop offset="0" stop-color="#4a1024"/><stop offset=".3" stop-color="#a04460"/><stop offset="1" stop-color="#420d20"/></linearGradient>
<linearGradient id="g-stone" x1="0" y1="0" x2=".6" y2="1"><stop offset="0" stop-color="#e6ddd2"/><stop offset="1" stop-color="#b3a495"/></linearGradient>
<radialGradient id="g-shade" cx=".5" cy=".5" r=".5"><stop offset="0" stop-color="#3c2f26" stop-opacity=".55"/><stop offset="1" stop-color="#3c2f26" stop-opacity="0"/></radialGradient>
<linearGradient id="g-slate" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#3b3f3e"/><stop offset="1" stop-color="#1f2221"/></linearGradient>
<linearGradient id="g-open" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#e9dfd3"/><stop offset="1" stop-color="#c2ae9a"/></linearGradient>
</defs>
<symbol id="lipstick" viewBox="0 0 100 300">
<path d="M30 118V52c0-16 14-30 40-38v104z" fill="var(--bullet, url(#g-brick))"/>
<path d="M30 52c0-16 14-30 40-38-10 14-26 26-40 38z" fill="#fff" opacity=".22"/>
<rect x="24" y="112" width="52" height="52" rx="3" fill="url(#g-gold)"/>
<rect x="14" y="160" width="72" height="136" rx="5" fill="url(#g-tube)"/>
</symbol>
<symbol id="art-set" viewBox="0 0 1600 900">
<rect width="1600" height="900" fill="url(#g-wall)"/>
<path d="M1000 900V380a210 210 0 0 1 420 0v520z" fill="url(#g-niche)"/>
<rect x="1000" y="470" width="420" height="12" fill="#6d5a4c"/>
<g opacity=".9"><rect x="1050" y="372" width="58" height="98" rx="8" fill="#d9cbbb"/><rect x="1062" y="344" width="34" height="30" rx="4" fill="#4d4038"/>
<rect x="1130" y="402" width="70" height="68" rx="34" fill="#8f7763"/><rect x="1226" y="352" width="44" height="118" rx="6" fill="#cdb9a4"/><rect x="1234" y="330" width="28" height="24" rx="3" fill="#a78452"/>
<rect x="1300" y="420" width="76" height="50" rx="6" fill="#594a3f"/></g>
<rect width="1600" height="900" fill="url(#g-glow)"/>
<path d="M0 0h430L70 900H0z" fill="#fff" opacity=".10"/><path d="M520 0h90L250 900h-90z" fill="#fff" opacity=".07"/>
</symbol>
<symbol id="person" viewBox="0 0 900 900">
<path d="M306 330c-6-150 60-236 152-236s162 82 156 232c-4 100 40 190 60 300H250c18-110 60-196 56-296z" fill="url(#g-hair)"/>
<path d="M88 900c6-200 90-300 262-340 44 62 168 62 214 0 172 40 252 140 258 340z" fill="var(--knit, url(#g-knit))"/>
<path d="M402 400c2 70 0 118-40 156 40 66 152 66 192 0-38-36-40-86-38-156z" fill="url(#g-neck)"/>
<path d="M362 556c40 66 152 66 192 0l26 9c-48 92-196 92-244 0z" fill="#2b3633" opacity=".55"/>
<path d="M352 306c0-96 44-150 108-150s110 54 110 150c0 104-46 186-110 186s-108-82-108-186z" fill="url(#g-skin)"/>
<path d="M352 330c-22-120 26-196 108-196 84 0 130 76 110 196-10-78-42-124-92-146-46 26-108 60-126 146z" fill="url(#g-hair)"/>
<path d="M390 322c12 9 30 9 42 0M490 322c12 9 30 9 42 0" stroke="#3a2a24" stroke-width="5" stroke-linecap="round" fill="none"/>
<path d="M384 290c14-10 34-12 50-5M488 285c16-7 36-5 50 5" stroke="#5a4035" stroke-width="5" stroke-linecap="round" fill="none" opacity=".8"/>
<path d="M462 318c-4 30-12 46-10 56 4 7 16 7 24 3" stroke="#a97256" stroke-width="4" stroke-linecap="round" fill="none" opacity=".7"/>
<path d="M426 416c14-10 25-12 34-6 9-6 20-4 34 6-10 16-22 22-34 22s-24-6-34-22z" fill="#a03b2c"/><path d="M426 416c20 4 48 4 68 0" stroke="#6f2018" stroke-width="2.5" fill="none"/>
<ellipse cx="392" cy="380" rx="26" ry="18" fill="#d98a6c" opacity=".28"/><ellipse cx="528" cy="380" rx="26" ry="18" fill="#c67a5e" opacity=".28"/>
</symbol>
<symbol id="arm" viewBox="0 0 400 600">
<path d="M-40 600c40-60 150-210 214-330l100 40c-14 100-8 200-30 290z" fill="var(--knit, url(#g-knit))"/><path d="M166 286c28 26 72 42 108 36l6-22c-38 6-78-8-104-32z" fill="#2b3633" opacity=".5"/>
<path d="M176 276c-6-46 8-96 40-112l70 10c26 34 20 92-8 142-36 10-74-8-102-40z" fill="url(#g-skin)"/>
<svg x="196" y="20" width="76" height="228" viewBox="0 0 100 300"><use href="#lipstick"/></svg>
<g fill="url(#g-skin)" stroke="#b98568" stroke-width="2"><rect x="186" y="176" width="92" height="30" rx="15"/><rect x="184" y="206" width="96" height="30" rx="15"/><rect x="190" y="236" width="86" height="28" rx="14"/></g>
</symbol>
<symbol id="art-host" viewBox="0 0 1600 900">
<use href="#art-set"/>
<use href="#person" x="160" y="40" width="900" height="900"/>
<use href="#arm" x="720" y="250" width="400" height="600"/>
<rect y="806" width="1600" height="94" fill="url(#g-table)"/>
<ellipse cx="1260" cy="826" rx="250" ry="18" fill="url(#g-shade)"/>
<use href="#lipstick" x="1110" y="664" width="54" height="162" style="--bullet:url(#g-rose)"/>
<use href="#lipstick" x="1196" y="664" width="54" height="162" style="--bullet:url(#g-nude)"/>
<use href="#lipstick" x="1282" y="664" width="54" height="162"/>
<use href="#lipstick" x="1368" y="664" width="54" height="162" style="--bullet:url(#g-berry)"/>
</symbol>
<symbol id="art-product" viewBox="0 0 1600 900">
<rect width="1600" height="900" fill="url(#g-stone)"/>
<path d="M0 620c400-60 1100-60 1600 0v280H0z" fill="#a49384" opacity=".55"/>
<ellipse cx="700" cy="800" rx="420" ry="46" fill="url(#g-shade)"/>
<path d="M900 360c120-60 330-70 420-20 60 34 30 96-60 120-130 36-320 30-380-16-34-28-24-62 20-84z" fill="url(#g-brick)"/>
<path d="M940 378c110-40 270-48 350-20" stroke="#e59a86" stroke-width="14" stroke-linecap="round" fill="none" opacity=".5"/>
<path d="M930 430c100 24 230 22 320-6" stroke="#6a1d15" stroke-width="10" stroke-linecap="round" fill="none" opacity=".5"/>
<use href="#lipstick" x="560" y="80" width="240" height="720"/>
</symbol>
<symbol id="art-closeup" viewBox="0 0 460 560">
<rect width="460" height="560" fill="url(#g-stone)"/>
<path d="M0 400c130-30 330-30 460 0v160H0z" fill="#a49384" opacity=".5"/>
<ellipse cx="230" cy="500" rx="170" ry="22" fill="url(#g-shade)"/>
<path d="M270 190c44-26 126-28 150-4 16 18 0 44-34 54-48 14-112 10-130-10-10-14-4-30 14-40z" fill="url(#g-brick)"/>
<use href="#lipstick" x="92" y="40" width="152" height="456"/>
</symbol>
<symbol id="card-price" viewBox="0 0 780 116">
<rect width="780" height="116" rx="6" fill="#f7f2ea"/>
<rect width="116" height="116" rx="6" fill="#2a211d"/>
<text x="58" y="82" text-anchor="middle" font-size="68" font-weight="700" fill="#f7f2ea">3</text>
<text x="144" y="53" font-size="38" font-weight="600" fill="#231b17" >${w.p3}</text>
<text x="144" y="94" font-size="25" fill="#6d5f55" >${w.p3sub}</text>
<text x="754" y="80" text-anchor="end" font-size="64" font-weight="700" fill="#6f2018">¥89</text>
</symbol>
<symbol id="scene-5" viewBox="0 0 1600 900"><rect width="1600" height="900" fill="url(#g-slate)"/><use href="#lipstick" x="730" y="150" width="140" height="420" opacity=".9"/><text x="800" y="700" text-anchor="middle" font-size="92" font-weight="600" fill="#f3f3f2" >${w.brb}</text></symbol>
<symbol id="scene-6" viewBox="0 0 1600 900"><rect width="1600" height="900" fill="url(#g-open)"/><path d="M1020 900V380a230 230 0 0 1 460 0v520z" fill="#a8947f" opacity=".55"/><use href="#lipstick" x="1160" y="300" width="180" height="540"/><text x="130" y="430" font-size="118" font-weight="700" fill="#2a211d" >${w.open1}</text><text x="134" y="560" font-size="76" fill="#6f2018" >${w.open2}</text></symbol>
<symbol id="scene-7" viewBox="0 0 1600 900"><rect width="1600" height="900" fill="#2d2622"/><rect width="1600" height="900" fill="url(#g-glow)" opacity=".35"/><text x="800" y="450" text-anchor="middle" font-size="110" font-weight="600" fill="#f0e7db" >${w.bye1}</text><text x="800" y="580" text-anchor="middle" font-size="66" fill="#cbb9a5" >${w.bye2}</text></symbol>`;
