// Package mutation breaks the code on purpose, one rule at a time, to see that a test
// notices. A rule without such a test is one that the next change may break.
//
// A mutation is a patch in a directory: a unified diff below a header that says which
// rule it breaks, in words that a stranger understands, and whose tests have to notice.
//
//	Rule: Content for what is held does not replace it.
//	Packages: ./subs ./conn/internal/core
//
//	--- a/subs/registry.go
//	+++ b/subs/registry.go
//	@@ in Install @@
//	 		case e.standing == held || e.dead:
//	-			r.compare(e, content)
//	+			r.replace(e, content)
//	 		case !e.holding():
//
// The code itself has no switches: a patch is applied to copies of the files that it
// touches, and the go command is told to take these instead. A hunk belongs where the
// lines that it begins with are, wherever that is by now, so line numbers do not matter
// and need not be there. They have to be in one place only.
//
// A package that has mutations has a test like [TestEveryRuleHasATest] in this one:
// it calls [Check] always, which takes a second or two and says which patches do not
// apply any more, and [Run] when it is asked to, which takes minutes.
//
//	go test ./internal/mutation -mutate -v
package mutation
