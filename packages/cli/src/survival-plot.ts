/** A line of a plot: survival by availability, both from 0 to 1. */
export interface SurvivalLine {
  readonly name: string
  readonly color: string
  readonly points: readonly (readonly [availability: number, survival: number])[]
}

const [width, height, margin] = [640, 400, 56]
/** Source: our choice: below, nothing survives with any policy that is allowed. */
const leastAvailability = 0.5

/** Survival by availability as SVG. */
export function survivalPlot(title: string, lines: readonly SurvivalLine[]): string {
  const x = (availability: number): string =>
    (
      margin +
      ((availability - leastAvailability) / (1 - leastAvailability)) * (width - 2 * margin)
    ).toFixed(1)
  const y = (survival: number): string =>
    (height - margin - survival * (height - 2 * margin)).toFixed(1)
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((step) => {
    const availability = leastAvailability + step * (1 - leastAvailability)
    return [
      `<path d="M${x(leastAvailability)} ${y(step)}H${x(1)}" stroke="#ddd"/>`,
      text(margin - 8, Number(y(step)) + 4, 'end', `${100 * step} %`),
      text(Number(x(availability)), height - margin + 18, 'middle', availability.toFixed(3)),
    ]
  })
  const drawn = lines.flatMap(({ name, color, points }, index) => [
    `<polyline fill="none" stroke="${color}" stroke-width="2" points="${points.map(([q, s]) => `${x(q)},${y(s)}`).join(' ')}"/>`,
    text(margin + 12, margin + 16 + 18 * index, 'start', name, color),
  ])
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(width / 2, margin / 2, 'middle', title),
    text(width / 2, height - 12, 'middle', 'share of time that a holder is there'),
    ...grid,
    ...drawn,
    '</svg>\n',
  ].join('\n')
}

function text(x: number, y: number, anchor: string, words: string, color = '#333'): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${color}">${escaped}</text>`
}
