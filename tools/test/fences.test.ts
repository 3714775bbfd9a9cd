import { expect, test } from 'vitest'
import { fencesOf } from '../fences.ts'

const document = `# Title

\`\`\`ts
const a = 1

use(a)
\`\`\`

\`\`\`sh
npm test
\`\`\`

\`\`\`ts no-run
forever()
\`\`\`

~~~~typescript
const text = \`
~~~
\`
~~~~
`

test('every ts fence is found with its line, whether it runs, and nothing else', () => {
  expect(fencesOf('a.md', document)).toEqual([
    { document: 'a.md', line: 4, code: 'const a = 1\n\nuse(a)', runs: true },
    { document: 'a.md', line: 14, code: 'forever()', runs: false },
    { document: 'a.md', line: 18, code: 'const text = `\n~~~\n`', runs: true },
  ])
})
