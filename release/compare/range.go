package compare

import (
	"context"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gitlog"
	"github.com/sallyport-dev/sallyport/release/label"
)

// Range compares two revisions of a repository, named as [gitlog.Repo.Read] takes
// them: commits and files, and what changed in those of them that readers know. All
// files are read as they are committed, from the repository's objects. Errors are
// those of [gitlog.Repo.Read], and of options that are not valid.
func Range(ctx context.Context, repo *gitlog.Repo, base, head string, o Options) (Result, error) {
	if err := o.validate(); err != nil {
		return Result{}, err
	}
	var r Result
	var err error
	if r.Changes, err = repo.Read(ctx, base, head); err != nil {
		return Result{}, err
	}
	o.label(&r.Changes)
	files := repo.Files(ctx)
	defer files.Close()
	at := func(rev release.Revision) read {
		return func(p release.Path) ([]byte, error) {
			if rev == "" {
				return nil, nil // nothing was before
			}
			data, ok, err := files.File(rev, p)
			if err != nil || !ok {
				return nil, err
			}
			return notNil(data), nil
		}
	}
	if r.Changes.Base == "" && !r.Changes.FromNothing {
		r.nothing()
		return r, ctx.Err()
	}
	r.Marks = label.ApplyContents(&r.Changes, files.File)
	r.files(at(r.Changes.Base), at(r.Changes.Head), o)
	if err := ctx.Err(); err != nil {
		return Result{}, err // what could not be read for want of time is no gap
	}
	return r, nil
}

// nothing says of every kind that it could not be compared.
func (r *Result) nothing() {
	part := release.ChangeSet{Coverage: map[release.Kind]release.Coverage{}}
	for _, k := range kinds {
		part.Coverage[k] = release.CoverageMissing
	}
	r.Changes.Add(part)
}

// notNil keeps an empty file apart from none.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
