// Checks HAR files against the schema of HAR 1.2, with the package `har-validator`: prints "valid"
// or what is wrong, a line a file. node validate_har.js FILE...
const fs = require('node:fs');
// Where Debian has it; a Node of other origin does not look there.
process.env.NODE_PATH = '/usr/share/nodejs';
require('node:module').Module._initPaths();
const validate = require('har-validator');

for (const file of process.argv.slice(2)) {
  const log = JSON.parse(fs.readFileSync(file, 'utf8'));
  validate.har(log).then(
    () => console.log('valid'),
    (failed) => console.log(JSON.stringify(failed.errors)));
}
