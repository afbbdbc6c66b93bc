// The mesh is in Pulumi.<stack>.yaml. Add resources of your own here.
module.exports = require('meshwright/program');
