# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_derm_global_optspecs
    string join \n json q/quiet v/verbose cd= j/jobs= color= h/help V/version
end

function __fish_derm_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_derm_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_derm_using_subcommand
    set -l cmd (__fish_derm_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c derm -n "__fish_derm_needs_command" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_needs_command" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_needs_command" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_needs_command" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_needs_command" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_needs_command" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_needs_command" -s V -l version -d 'Print version'
complete -c derm -n "__fish_derm_needs_command" -f -a "init" -d 'Make a folder a derm repository'
complete -c derm -n "__fish_derm_needs_command" -f -a "add" -d 'Track files or folders by content hash'
complete -c derm -n "__fish_derm_needs_command" -f -a "status" -d 'Show which stages are stale and which data changed, and why'
complete -c derm -n "__fish_derm_needs_command" -f -a "checkout" -d 'Make files match their pointers and locks'
complete -c derm -n "__fish_derm_needs_command" -f -a "diff" -d 'Show which tracked files differ between two revisions'
complete -c derm -n "__fish_derm_needs_command" -f -a "config" -d 'Show or change settings'
complete -c derm -n "__fish_derm_needs_command" -f -a "remote" -d 'Say where data is kept beside this machine'
complete -c derm -n "__fish_derm_needs_command" -f -a "fsck" -d 'Check that every object is whole and there, and heal what is not'
complete -c derm -n "__fish_derm_needs_command" -f -a "get" -d 'Copy data from somewhere else, without tracking it'
complete -c derm -n "__fish_derm_needs_command" -f -a "import" -d 'Copy data from somewhere else and track it, with where it came from'
complete -c derm -n "__fish_derm_needs_command" -f -a "update" -d 'Bring imported data up to date with where it came from'
complete -c derm -n "__fish_derm_needs_command" -f -a "ls" -d 'List what a repository tracks'
complete -c derm -n "__fish_derm_needs_command" -f -a "push" -d 'Send what the cache has and a remote lacks'
complete -c derm -n "__fish_derm_needs_command" -f -a "fetch" -d 'Bring what the cache lacks from a remote, without touching the workspace'
complete -c derm -n "__fish_derm_needs_command" -f -a "pull" -d 'Bring what the cache lacks from a remote, and put it in place'
complete -c derm -n "__fish_derm_needs_command" -f -a "commit" -d 'Record what is there as it is, without running anything'
complete -c derm -n "__fish_derm_needs_command" -f -a "move" -d 'Move or rename tracked data'
complete -c derm -n "__fish_derm_needs_command" -f -a "remove" -d 'Stop tracking files or folders'
complete -c derm -n "__fish_derm_needs_command" -f -a "unprotect" -d 'Make linked files writable copies'
complete -c derm -n "__fish_derm_needs_command" -f -a "du" -d 'Show how large tracked data is'
complete -c derm -n "__fish_derm_needs_command" -f -a "gc" -d 'Remove objects from the cache that nothing needs'
complete -c derm -n "__fish_derm_needs_command" -f -a "cache" -d 'Show or change where objects are kept'
complete -c derm -n "__fish_derm_needs_command" -f -a "doctor" -d 'Check this machine, this repository and its cache'
complete -c derm -n "__fish_derm_needs_command" -f -a "repro" -d 'Run the stages of the pipelines that are stale'
complete -c derm -n "__fish_derm_needs_command" -f -a "dag" -d 'Show which stage comes before which'
complete -c derm -n "__fish_derm_needs_command" -f -a "stage" -d 'List stages, or write a new one'
complete -c derm -n "__fish_derm_needs_command" -f -a "freeze" -d 'Keep stages from being run'
complete -c derm -n "__fish_derm_needs_command" -f -a "unfreeze" -d 'Let frozen stages be run again'
complete -c derm -n "__fish_derm_needs_command" -f -a "lock" -d 'Show what stages last used and made, or merge two such records'
complete -c derm -n "__fish_derm_needs_command" -f -a "params" -d 'Show, compare and change parameters'
complete -c derm -n "__fish_derm_needs_command" -f -a "metrics" -d 'Show and compare metrics'
complete -c derm -n "__fish_derm_needs_command" -f -a "plots" -d 'Plot curves, tables and pictures, of several revisions side by side'
complete -c derm -n "__fish_derm_needs_command" -f -a "exp" -d 'Run, compare and share experiments'
complete -c derm -n "__fish_derm_needs_command" -f -a "sweep" -d 'Search the parameters of a pipeline for the best metric'
complete -c derm -n "__fish_derm_needs_command" -f -a "migrate" -d 'Come from another tool, with data and results'
complete -c derm -n "__fish_derm_needs_command" -f -a "install" -d 'Let git work together with derm: hooks, and merging of pointers and locks'
complete -c derm -n "__fish_derm_needs_command" -f -a "data" -d 'Ingest, split, audit and describe image datasets'
complete -c derm -n "__fish_derm_needs_command" -f -a "train" -d 'Train a network to tell classes apart, or to draw masks'
complete -c derm -n "__fish_derm_needs_command" -f -a "predict" -d 'Classify images, or draw masks, with a trained network'
complete -c derm -n "__fish_derm_needs_command" -f -a "evaluate" -d 'Evaluate a model, a table of predictions, or predicted masks'
complete -c derm -n "__fish_derm_needs_command" -f -a "ensemble" -d 'Make one table of predictions of several models\' tables'
complete -c derm -n "__fish_derm_needs_command" -f -a "explain" -d 'Show where in an image a classifier sees what it says'
complete -c derm -n "__fish_derm_needs_command" -f -a "drift" -d 'Compare current images or predictions with a reference'
complete -c derm -n "__fish_derm_needs_command" -f -a "export" -d 'Export a model to ONNX, or as a bundle that stands alone'
complete -c derm -n "__fish_derm_needs_command" -f -a "model" -d 'Look at the networks there are, and at weights for them'
complete -c derm -n "__fish_derm_needs_command" -f -a "runs" -d 'List, show and compare runs'
complete -c derm -n "__fish_derm_needs_command" -f -a "completions" -d 'Print the completions of a shell'
complete -c derm -n "__fish_derm_needs_command" -f -a "man" -d 'Write the man pages into a folder'
complete -c derm -n "__fish_derm_needs_command" -f -a "merge-driver" -d 'Merge pointers by file and locks by stage, for git'
complete -c derm -n "__fish_derm_using_subcommand init" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand init" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand init" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand init" -l git -d 'Also create a git repository, unless the folder lies in one'
complete -c derm -n "__fish_derm_using_subcommand init" -l example -d 'Also write a pipeline and its parameters to start from'
complete -c derm -n "__fish_derm_using_subcommand init" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand init" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand init" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand add" -s r -l remote -d 'The remote, or a URL, for --to-remote' -r
complete -c derm -n "__fish_derm_using_subcommand add" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand add" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand add" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand add" -l to-remote -d 'Send the content to a remote and not into the cache: for what is too large for this disk twice'
complete -c derm -n "__fish_derm_using_subcommand add" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand add" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand add" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand status" -s r -l remote -d 'Also ask a remote what it lacks: the default one, or NAME' -r
complete -c derm -n "__fish_derm_using_subcommand status" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand status" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand status" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand status" -l exit-code -d 'Exit with 3 if a stage is stale or data changed'
complete -c derm -n "__fish_derm_using_subcommand status" -s u -l untracked -d 'Also list files that neither git nor derm tracks or ignores'
complete -c derm -n "__fish_derm_using_subcommand status" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand status" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand status" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand checkout" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand checkout" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand checkout" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand checkout" -s f -l force -d 'Overwrite and remove changed files even if their content is nowhere else'
complete -c derm -n "__fish_derm_using_subcommand checkout" -l relink -d 'Make all files links of the configured type again, also where their content is right'
complete -c derm -n "__fish_derm_using_subcommand checkout" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand checkout" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand checkout" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand checkout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand diff" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand diff" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand diff" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand diff" -l exit-code -d 'Exit with code 3 when there are differences'
complete -c derm -n "__fish_derm_using_subcommand diff" -l md -d 'Print a Markdown table, for comments of a CI'
complete -c derm -n "__fish_derm_using_subcommand diff" -l hide-missing -d 'Leave out tracked files and folders that are not in the workspace'
complete -c derm -n "__fish_derm_using_subcommand diff" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand diff" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand diff" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand config" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand config" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand config" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand config" -l unset -d 'Take the setting away'
complete -c derm -n "__fish_derm_using_subcommand config" -l local -d 'Write to `.derm/config.local`, which git does not keep'
complete -c derm -n "__fish_derm_using_subcommand config" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand config" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand config" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand remote; and not __fish_seen_subcommand_from add list modify default rename remove" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand remote; and not __fish_seen_subcommand_from add list modify default rename remove" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand remote; and not __fish_seen_subcommand_from add list modify default rename remove" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand remote; and not __fish_seen_subcommand_from add list modify default rename remove" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand remote; and not __fish_seen_subcommand_from add list modify default rename remove" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand remote; and not __fish_seen_subcommand_from add list modify default rename remove" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand remote; and not __fish_seen_subcommand_from add list modify default rename remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand remote; and not __fish_seen_subcommand_from add list modify default rename remove" -f -a "add" -d 'Name a new remote'
complete -c derm -n "__fish_derm_using_subcommand remote; and not __fish_seen_subcommand_from add list modify default rename remove" -f -a "list" -d 'Show the remotes'
complete -c derm -n "__fish_derm_using_subcommand remote; and not __fish_seen_subcommand_from add list modify default rename remove" -f -a "modify" -d 'Change a setting of a remote'
complete -c derm -n "__fish_derm_using_subcommand remote; and not __fish_seen_subcommand_from add list modify default rename remove" -f -a "default" -d 'Show or choose the remote that is used where none is named'
complete -c derm -n "__fish_derm_using_subcommand remote; and not __fish_seen_subcommand_from add list modify default rename remove" -f -a "rename" -d 'Give a remote another name'
complete -c derm -n "__fish_derm_using_subcommand remote; and not __fish_seen_subcommand_from add list modify default rename remove" -f -a "remove" -d 'Forget a remote; what it holds stays'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from add" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from add" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from add" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from add" -s d -l default -d 'Use it where no remote is named; the first one is used anyway as long as it is the only one'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from add" -s f -l force -d 'Replace a remote of this name'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from add" -l local -d 'Write to `.derm/config.local`, which git does not keep'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from add" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from list" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from list" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from modify" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from modify" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from modify" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from modify" -l unset -d 'Take the setting away'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from modify" -l local -d 'Write to `.derm/config.local`, which git does not keep'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from modify" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from modify" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from modify" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from modify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from default" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from default" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from default" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from default" -l unset -d 'Choose none'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from default" -l local -d 'Write to `.derm/config.local`, which git does not keep'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from default" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from default" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from default" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from default" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from rename" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from rename" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from rename" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from rename" -l local -d 'Change `.derm/config.local`, which git does not keep'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from rename" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from rename" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from rename" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from remove" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from remove" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from remove" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from remove" -l local -d 'Change `.derm/config.local`, which git does not keep'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from remove" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand remote; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand fsck" -s r -l remote -d 'The remote, or a URL' -r
complete -c derm -n "__fish_derm_using_subcommand fsck" -l rev -d 'Also the data of this revision; may be repeated' -r
complete -c derm -n "__fish_derm_using_subcommand fsck" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand fsck" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand fsck" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand fsck" -l heal -d 'Bring or send what is damaged or missing'
complete -c derm -n "__fish_derm_using_subcommand fsck" -l in-remote -d 'Check what the remote has instead of the cache'
complete -c derm -n "__fish_derm_using_subcommand fsck" -s a -l all-branches -d 'Also the data of the tips of all branches'
complete -c derm -n "__fish_derm_using_subcommand fsck" -s T -l all-tags -d 'Also the data of all tags'
complete -c derm -n "__fish_derm_using_subcommand fsck" -s A -l all-commits -d 'Also the data of every commit that a branch or a tag reaches'
complete -c derm -n "__fish_derm_using_subcommand fsck" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand fsck" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand fsck" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand fsck" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand get" -s o -l out -d 'Where to put it [default: its name, here]' -r -F
complete -c derm -n "__fish_derm_using_subcommand get" -l rev -d 'The revision of the git repository [default: its main branch]' -r
complete -c derm -n "__fish_derm_using_subcommand get" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand get" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand get" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand get" -s f -l force -d 'Replace what is there'
complete -c derm -n "__fish_derm_using_subcommand get" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand get" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand get" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand import" -s o -l out -d 'Where to put it [default: its name, here]' -r -F
complete -c derm -n "__fish_derm_using_subcommand import" -l rev -d 'The revision of the git repository [default: its main branch]' -r
complete -c derm -n "__fish_derm_using_subcommand import" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand import" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand import" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand import" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand import" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand import" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand update" -l rev -d 'From now on follow this revision of the git repository' -r
complete -c derm -n "__fish_derm_using_subcommand update" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand update" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand update" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand update" -s f -l force -d 'Overwrite changed files even if their content is nowhere else'
complete -c derm -n "__fish_derm_using_subcommand update" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand update" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand update" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand update" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand ls" -l rev -d 'The revision [default: the workspace here, the main branch elsewhere]' -r
complete -c derm -n "__fish_derm_using_subcommand ls" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand ls" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand ls" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand ls" -s R -l recursive -d 'Every file of tracked folders'
complete -c derm -n "__fish_derm_using_subcommand ls" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand ls" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand ls" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand push" -s r -l remote -d 'The remote, or a URL' -r
complete -c derm -n "__fish_derm_using_subcommand push" -l rev -d 'Also the data of this revision; may be repeated' -r
complete -c derm -n "__fish_derm_using_subcommand push" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand push" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand push" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand push" -l dry -d 'Only say what would be sent'
complete -c derm -n "__fish_derm_using_subcommand push" -l run-cache -d 'Also send the results of all earlier runs of stages, and what they made'
complete -c derm -n "__fish_derm_using_subcommand push" -s a -l all-branches -d 'Also the data of the tips of all branches'
complete -c derm -n "__fish_derm_using_subcommand push" -s T -l all-tags -d 'Also the data of all tags'
complete -c derm -n "__fish_derm_using_subcommand push" -s A -l all-commits -d 'Also the data of every commit that a branch or a tag reaches'
complete -c derm -n "__fish_derm_using_subcommand push" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand push" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand push" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand push" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand fetch" -s r -l remote -d 'The remote, or a URL' -r
complete -c derm -n "__fish_derm_using_subcommand fetch" -l rev -d 'Also the data of this revision; may be repeated' -r
complete -c derm -n "__fish_derm_using_subcommand fetch" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand fetch" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand fetch" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand fetch" -l run-cache -d 'Also bring the results of earlier runs of stages, and what they made'
complete -c derm -n "__fish_derm_using_subcommand fetch" -s a -l all-branches -d 'Also the data of the tips of all branches'
complete -c derm -n "__fish_derm_using_subcommand fetch" -s T -l all-tags -d 'Also the data of all tags'
complete -c derm -n "__fish_derm_using_subcommand fetch" -s A -l all-commits -d 'Also the data of every commit that a branch or a tag reaches'
complete -c derm -n "__fish_derm_using_subcommand fetch" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand fetch" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand fetch" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand fetch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand pull" -s r -l remote -d 'The remote, or a URL' -r
complete -c derm -n "__fish_derm_using_subcommand pull" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand pull" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand pull" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand pull" -s f -l force -d 'Overwrite and remove changed files even if their content is nowhere else'
complete -c derm -n "__fish_derm_using_subcommand pull" -l allow-missing -d 'Succeed although the remote lacks something'
complete -c derm -n "__fish_derm_using_subcommand pull" -l run-cache -d 'Also bring the results of earlier runs of stages, and what they made'
complete -c derm -n "__fish_derm_using_subcommand pull" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand pull" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand pull" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand pull" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand commit" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand commit" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand commit" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand commit" -s f -l force -d 'Accept changes of stages without asking'
complete -c derm -n "__fish_derm_using_subcommand commit" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand commit" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand commit" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand commit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand move" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand move" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand move" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand move" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand move" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand move" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand move" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand remove" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand remove" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand remove" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand remove" -l data -d 'Remove the data too'
complete -c derm -n "__fish_derm_using_subcommand remove" -s f -l force -d 'With --data: also what the cache does not have'
complete -c derm -n "__fish_derm_using_subcommand remove" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand remove" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand remove" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand unprotect" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand unprotect" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand unprotect" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand unprotect" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand unprotect" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand unprotect" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand unprotect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand du" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand du" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand du" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand du" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand du" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand du" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand du" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand gc" -l rev -d 'Also the data of this revision; may be repeated' -r
complete -c derm -n "__fish_derm_using_subcommand gc" -l grace -d 'Keep objects that are younger: a number with s, min, h or d, or 0' -r
complete -c derm -n "__fish_derm_using_subcommand gc" -s p -l projects -d 'Keep also what these repositories need, in the same scope' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand gc" -s r -l remote -d 'Also remove what nothing needs from this remote, or URL: what other people pushed and you do not have the commits of goes too' -r
complete -c derm -n "__fish_derm_using_subcommand gc" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand gc" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand gc" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand gc" -s w -l workspace -d 'Keep the data of the workspace, and nothing else unless asked for'
complete -c derm -n "__fish_derm_using_subcommand gc" -s a -l all-branches -d 'Also the data of the tips of all branches'
complete -c derm -n "__fish_derm_using_subcommand gc" -s T -l all-tags -d 'Also the data of all tags'
complete -c derm -n "__fish_derm_using_subcommand gc" -s A -l all-commits -d 'Also the data of every commit that a branch or a tag reaches'
complete -c derm -n "__fish_derm_using_subcommand gc" -l dry -d 'Say what would be removed, and remove nothing'
complete -c derm -n "__fish_derm_using_subcommand gc" -s f -l force -d 'Go on although other repositories may use the cache, or a listing is damaged'
complete -c derm -n "__fish_derm_using_subcommand gc" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand gc" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand gc" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand gc" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand cache; and not __fish_seen_subcommand_from dir" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand cache; and not __fish_seen_subcommand_from dir" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand cache; and not __fish_seen_subcommand_from dir" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand cache; and not __fish_seen_subcommand_from dir" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand cache; and not __fish_seen_subcommand_from dir" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand cache; and not __fish_seen_subcommand_from dir" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand cache; and not __fish_seen_subcommand_from dir" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand cache; and not __fish_seen_subcommand_from dir" -f -a "dir" -d 'Show the folder of the cache, or set it'
complete -c derm -n "__fish_derm_using_subcommand cache; and __fish_seen_subcommand_from dir" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand cache; and __fish_seen_subcommand_from dir" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand cache; and __fish_seen_subcommand_from dir" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand cache; and __fish_seen_subcommand_from dir" -l local -d 'Change the settings of this machine alone'
complete -c derm -n "__fish_derm_using_subcommand cache; and __fish_seen_subcommand_from dir" -l unset -d 'Take the setting out'
complete -c derm -n "__fish_derm_using_subcommand cache; and __fish_seen_subcommand_from dir" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand cache; and __fish_seen_subcommand_from dir" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand cache; and __fish_seen_subcommand_from dir" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand cache; and __fish_seen_subcommand_from dir" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand doctor" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand doctor" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand doctor" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand doctor" -l verify -d 'Read and hash every object of the cache; damaged ones are set aside'
complete -c derm -n "__fish_derm_using_subcommand doctor" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand doctor" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand doctor" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand repro" -l output -d 'What several stages print at once: line by line as `stage | …`, or all of a stage when it ends' -r -f -a "prefixed\t'Every line as it comes, with the stage before it'
grouped\t'The whole of a stage\'s output when it ends'"
complete -c derm -n "__fish_derm_using_subcommand repro" -l gpus -d 'How many GPUs the stages share; those that the machine has by default' -r
complete -c derm -n "__fish_derm_using_subcommand repro" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand repro" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand repro" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand repro" -s f -l force -d 'Run stages even if they are up to date'
complete -c derm -n "__fish_derm_using_subcommand repro" -l force-downstream -d 'Also run all that comes after a stage that ran, even if it made the same as before'
complete -c derm -n "__fish_derm_using_subcommand repro" -l dry -d 'Say what would be done and why, and do nothing'
complete -c derm -n "__fish_derm_using_subcommand repro" -l explain -d 'Say of every stage what is done, and all the reasons'
complete -c derm -n "__fish_derm_using_subcommand repro" -s s -l single -d 'Run only the targets, not what they need'
complete -c derm -n "__fish_derm_using_subcommand repro" -l downstream -d 'Run the targets and what needs them, instead of what they need'
complete -c derm -n "__fish_derm_using_subcommand repro" -l glob -d 'Targets are patterns: `train@*`, `models/*`'
complete -c derm -n "__fish_derm_using_subcommand repro" -s k -l keep-going -d 'After a failure go on with stages that do not need what failed'
complete -c derm -n "__fish_derm_using_subcommand repro" -l ignore-errors -d 'After a failure go on with all stages; what failed keeps what it made, and is not recorded'
complete -c derm -n "__fish_derm_using_subcommand repro" -l pull -d 'First fetch data that is missing here, and results of earlier runs, from the remotes'
complete -c derm -n "__fish_derm_using_subcommand repro" -l allow-missing -d 'Missing data is no reason to run a stage'
complete -c derm -n "__fish_derm_using_subcommand repro" -l no-run-cache -d 'Run stages even if they were run before with the same inputs'
complete -c derm -n "__fish_derm_using_subcommand repro" -l no-commit -d 'Record what stages make without putting it into the cache; `derm commit` does that later'
complete -c derm -n "__fish_derm_using_subcommand repro" -l watch -d 'Stay, and run again when an input, a parameter or a pipeline file changes'
complete -c derm -n "__fish_derm_using_subcommand repro" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand repro" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand repro" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand repro" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand dag" -l html -d 'Write a page that needs no network' -r -F
complete -c derm -n "__fish_derm_using_subcommand dag" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand dag" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand dag" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand dag" -l full -d 'Also what needs the targets, and what that needs'
complete -c derm -n "__fish_derm_using_subcommand dag" -l outs -d 'The graph of outputs instead of stages'
complete -c derm -n "__fish_derm_using_subcommand dag" -l expand -d 'Every stage of a `foreach` or `matrix` on its own'
complete -c derm -n "__fish_derm_using_subcommand dag" -l dot -d 'Print Graphviz\'s DOT'
complete -c derm -n "__fish_derm_using_subcommand dag" -l mermaid -d 'Print a Mermaid flowchart'
complete -c derm -n "__fish_derm_using_subcommand dag" -l md -d 'Print a Mermaid flowchart inside Markdown'
complete -c derm -n "__fish_derm_using_subcommand dag" -l list -d 'Print a list, however few stages there are'
complete -c derm -n "__fish_derm_using_subcommand dag" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand dag" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand dag" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand dag" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand stage; and not __fish_seen_subcommand_from list add" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand stage; and not __fish_seen_subcommand_from list add" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand stage; and not __fish_seen_subcommand_from list add" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand stage; and not __fish_seen_subcommand_from list add" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand stage; and not __fish_seen_subcommand_from list add" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand stage; and not __fish_seen_subcommand_from list add" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand stage; and not __fish_seen_subcommand_from list add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand stage; and not __fish_seen_subcommand_from list add" -f -a "list" -d 'List the stages of all pipelines'
complete -c derm -n "__fish_derm_using_subcommand stage; and not __fish_seen_subcommand_from list add" -f -a "add" -d 'Write a stage into a pipeline file'
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from list" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from list" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from list" -l name-only -d 'Print names only, one a line'
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -l name -d 'Its name' -r
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -l dep -d 'A file or folder that it reads; may be repeated, as all options for paths' -r -F
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -l param -d 'Parameters that it reads: keys of params.yaml, FILE:KEYS, or FILE: for all of a file' -r
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -l out -d 'A file or folder that it makes' -r -F
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -l out-no-cache -d 'One that is kept out of the cache, for git' -r -F
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -l out-persist -d 'One that stays in place while the stage runs' -r -F
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -l out-persist-no-cache -d 'One that stays in place and is kept out of the cache' -r -F
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -l metric -d 'A file of metrics that it makes' -r -F
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -l metric-no-cache -d 'One that is kept out of the cache, for git' -r -F
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -l plot -d 'A file or folder of plots that it makes' -r -F
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -l plot-no-cache -d 'One that is kept out of the cache, for git' -r -F
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -l wdir -d 'The folder that its command starts in and its paths are relative to' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -l desc -d 'What it is for' -r
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -l file -d 'The pipeline file: `pipelines/NAME.yaml` or a `dvc.yaml`' -r -F
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -l always-changed -d 'Run it every time'
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -s f -l force -d 'Replace a stage of that name'
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -l run -d 'Run it then'
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand stage; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand freeze" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand freeze" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand freeze" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand freeze" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand freeze" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand freeze" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand freeze" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand unfreeze" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand unfreeze" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand unfreeze" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand unfreeze" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand unfreeze" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand unfreeze" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand unfreeze" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand lock; and not __fish_seen_subcommand_from show merge" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand lock; and not __fish_seen_subcommand_from show merge" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand lock; and not __fish_seen_subcommand_from show merge" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand lock; and not __fish_seen_subcommand_from show merge" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand lock; and not __fish_seen_subcommand_from show merge" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand lock; and not __fish_seen_subcommand_from show merge" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand lock; and not __fish_seen_subcommand_from show merge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand lock; and not __fish_seen_subcommand_from show merge" -f -a "show" -d 'Show what stages last used and made'
complete -c derm -n "__fish_derm_using_subcommand lock; and not __fish_seen_subcommand_from show merge" -f -a "merge" -d 'Merge two versions of a lock, stage by stage'
complete -c derm -n "__fish_derm_using_subcommand lock; and __fish_seen_subcommand_from show" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand lock; and __fish_seen_subcommand_from show" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand lock; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand lock; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand lock; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand lock; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand lock; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand lock; and __fish_seen_subcommand_from merge" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand lock; and __fish_seen_subcommand_from merge" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand lock; and __fish_seen_subcommand_from merge" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand lock; and __fish_seen_subcommand_from merge" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand lock; and __fish_seen_subcommand_from merge" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand lock; and __fish_seen_subcommand_from merge" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand lock; and __fish_seen_subcommand_from merge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand params; and not __fish_seen_subcommand_from show diff set" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand params; and not __fish_seen_subcommand_from show diff set" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand params; and not __fish_seen_subcommand_from show diff set" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand params; and not __fish_seen_subcommand_from show diff set" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand params; and not __fish_seen_subcommand_from show diff set" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand params; and not __fish_seen_subcommand_from show diff set" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand params; and not __fish_seen_subcommand_from show diff set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand params; and not __fish_seen_subcommand_from show diff set" -f -a "show" -d 'Show every parameter with its value'
complete -c derm -n "__fish_derm_using_subcommand params; and not __fish_seen_subcommand_from show diff set" -f -a "diff" -d 'Show which parameters differ between two revisions'
complete -c derm -n "__fish_derm_using_subcommand params; and not __fish_seen_subcommand_from show diff set" -f -a "set" -d 'Change parameters in their files, and nothing else in them'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from show" -l rev -d 'Also this revision; may be repeated' -r
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from show" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from show" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from show" -s a -l all-branches -d 'Also the tips of all branches'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from show" -s T -l all-tags -d 'Also all tags'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from show" -s A -l all-commits -d 'Also every commit that a branch or a tag reaches'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from show" -s R -l recursive -d 'Accepted for scripts written for DVC: folders are always searched'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from show" -l deps -d 'Only parameters that stages read'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from show" -l origin -d 'Also show the line of each value, and the stages that read it'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from show" -l md -d 'Print a Markdown table, for comments and step summaries of a CI'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from diff" -l targets -d 'Compare these files, or all files in these folders, and nothing else' -r
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from diff" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from diff" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from diff" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from diff" -s R -l recursive -d 'Accepted for scripts written for DVC: folders are always searched'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from diff" -l all -d 'Also what is equal'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from diff" -l no-path -d 'Leave out the column of files'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from diff" -l md -d 'Print a Markdown table, for comments and step summaries of a CI'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from diff" -l exit-code -d 'Exit with code 3 when there are differences'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from diff" -l deps -d 'Only parameters that stages read'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from diff" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from set" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from set" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from set" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from set" -l add -d 'Add parameters that are not there'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from set" -l dry -d 'Say what would change, and change nothing'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from set" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand params; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand metrics; and not __fish_seen_subcommand_from show diff" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand metrics; and not __fish_seen_subcommand_from show diff" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand metrics; and not __fish_seen_subcommand_from show diff" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand metrics; and not __fish_seen_subcommand_from show diff" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand metrics; and not __fish_seen_subcommand_from show diff" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand metrics; and not __fish_seen_subcommand_from show diff" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand metrics; and not __fish_seen_subcommand_from show diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand metrics; and not __fish_seen_subcommand_from show diff" -f -a "show" -d 'Show every metric with its value'
complete -c derm -n "__fish_derm_using_subcommand metrics; and not __fish_seen_subcommand_from show diff" -f -a "diff" -d 'Show which metrics differ between two revisions'
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from show" -l rev -d 'Also this revision; may be repeated' -r
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from show" -l precision -d 'Digits after the decimal point; four significant ones if not given' -r
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from show" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from show" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from show" -s a -l all-branches -d 'Also the tips of all branches'
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from show" -s T -l all-tags -d 'Also all tags'
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from show" -s A -l all-commits -d 'Also every commit that a branch or a tag reaches'
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from show" -s R -l recursive -d 'Accepted for scripts written for DVC: folders are always searched'
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from show" -l md -d 'Print a Markdown table, for comments and step summaries of a CI'
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from diff" -l targets -d 'Compare these files, or all files in these folders, and nothing else' -r
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from diff" -l precision -d 'Digits after the decimal point; four significant ones if not given' -r
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from diff" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from diff" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from diff" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from diff" -s R -l recursive -d 'Accepted for scripts written for DVC: folders are always searched'
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from diff" -l all -d 'Also what is equal'
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from diff" -l no-path -d 'Leave out the column of files'
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from diff" -l md -d 'Print a Markdown table, for comments and step summaries of a CI'
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from diff" -l exit-code -d 'Exit with code 3 when there are differences'
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from diff" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand metrics; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand plots; and not __fish_seen_subcommand_from show diff" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand plots; and not __fish_seen_subcommand_from show diff" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand plots; and not __fish_seen_subcommand_from show diff" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand plots; and not __fish_seen_subcommand_from show diff" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand plots; and not __fish_seen_subcommand_from show diff" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand plots; and not __fish_seen_subcommand_from show diff" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand plots; and not __fish_seen_subcommand_from show diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand plots; and not __fish_seen_subcommand_from show diff" -f -a "show" -d 'Show every plot: small ones here, large ones on a page'
complete -c derm -n "__fish_derm_using_subcommand plots; and not __fish_seen_subcommand_from show diff" -f -a "diff" -d 'Show plots of several revisions on top of each other'
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from show" -s o -l out -d 'Where the page is written' -r -F
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from show" -l template -d 'Draw with this template' -r
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from show" -s x -l x -d 'The column along the horizontal axis' -r
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from show" -s y -l y -d 'The column along the vertical axis' -r
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from show" -l x-label -d 'The words below the horizontal axis' -r
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from show" -l y-label -d 'The words beside the vertical axis' -r
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from show" -l title -d 'The words above' -r
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from show" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from show" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from show" -l md -d 'Print a Markdown table of each plot\'s figures instead, for a CI\'s step summary'
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from show" -l no-header -d 'The first row of a CSV or TSV file is data; columns are called 0, 1, 2'
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from diff" -l targets -d 'Plots by name, files, or folders; all plots if none is given' -r
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from diff" -s o -l out -d 'Where the page is written' -r -F
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from diff" -l template -d 'Draw with this template' -r
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from diff" -s x -l x -d 'The column along the horizontal axis' -r
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from diff" -s y -l y -d 'The column along the vertical axis' -r
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from diff" -l x-label -d 'The words below the horizontal axis' -r
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from diff" -l y-label -d 'The words beside the vertical axis' -r
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from diff" -l title -d 'The words above' -r
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from diff" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from diff" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from diff" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from diff" -l md -d 'Print a Markdown table of each plot\'s figures instead, for a CI\'s step summary'
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from diff" -l no-header -d 'The first row of a CSV or TSV file is data; columns are called 0, 1, 2'
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from diff" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand plots; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand exp; and not __fish_seen_subcommand_from run save list show diff apply branch remove rename push pull" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand exp; and not __fish_seen_subcommand_from run save list show diff apply branch remove rename push pull" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and not __fish_seen_subcommand_from run save list show diff apply branch remove rename push pull" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand exp; and not __fish_seen_subcommand_from run save list show diff apply branch remove rename push pull" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand exp; and not __fish_seen_subcommand_from run save list show diff apply branch remove rename push pull" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand exp; and not __fish_seen_subcommand_from run save list show diff apply branch remove rename push pull" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand exp; and not __fish_seen_subcommand_from run save list show diff apply branch remove rename push pull" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand exp; and not __fish_seen_subcommand_from run save list show diff apply branch remove rename push pull" -f -a "run" -d 'Run the pipelines with other parameters, and keep the result'
complete -c derm -n "__fish_derm_using_subcommand exp; and not __fish_seen_subcommand_from run save list show diff apply branch remove rename push pull" -f -a "save" -d 'Keep the workspace as it is as an experiment'
complete -c derm -n "__fish_derm_using_subcommand exp; and not __fish_seen_subcommand_from run save list show diff apply branch remove rename push pull" -f -a "list" -d 'List experiments by name'
complete -c derm -n "__fish_derm_using_subcommand exp; and not __fish_seen_subcommand_from run save list show diff apply branch remove rename push pull" -f -a "show" -d 'Show experiments with their metrics and parameters in one table'
complete -c derm -n "__fish_derm_using_subcommand exp; and not __fish_seen_subcommand_from run save list show diff apply branch remove rename push pull" -f -a "diff" -d 'Compare the metrics and parameters of two experiments'
complete -c derm -n "__fish_derm_using_subcommand exp; and not __fish_seen_subcommand_from run save list show diff apply branch remove rename push pull" -f -a "apply" -d 'Make the workspace what an experiment is'
complete -c derm -n "__fish_derm_using_subcommand exp; and not __fish_seen_subcommand_from run save list show diff apply branch remove rename push pull" -f -a "branch" -d 'Make a branch of an experiment'
complete -c derm -n "__fish_derm_using_subcommand exp; and not __fish_seen_subcommand_from run save list show diff apply branch remove rename push pull" -f -a "remove" -d 'Remove experiments'
complete -c derm -n "__fish_derm_using_subcommand exp; and not __fish_seen_subcommand_from run save list show diff apply branch remove rename push pull" -f -a "rename" -d 'Give an experiment another name'
complete -c derm -n "__fish_derm_using_subcommand exp; and not __fish_seen_subcommand_from run save list show diff apply branch remove rename push pull" -f -a "push" -d 'Send experiments to, or bring them from, another git repository'
complete -c derm -n "__fish_derm_using_subcommand exp; and not __fish_seen_subcommand_from run save list show diff apply branch remove rename push pull" -f -a "pull" -d 'Send experiments to, or bring them from, another git repository'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from run" -s S -l set -d 'Set a parameter: [FILE:]KEY=VALUE, of `params.yaml` if no file is named; several values make several experiments' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from run" -l name -d 'What the experiment is called [default: two words]' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from run" -s m -l message -d 'A remark that is kept with it' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from run" -s C -l copy-paths -d 'Take this file or folder along although git does not have it' -r -F
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from run" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from run" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from run" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from run" -l temp -d 'Run beside the workspace, in a git worktree'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from run" -l queue -d 'Only add it to the queue'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from run" -l run-all -d 'Run everything that waits in the queue'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from run" -s f -l force -d 'Run stages even if they are up to date, and replace an experiment of the same name'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from run" -s s -l single -d 'Run only the targets, not what they need'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from run" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from save" -l name -d 'What the experiment is called [default: two words]' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from save" -s m -l message -d 'A remark that is kept with it' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from save" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from save" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from save" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from save" -s f -l force -d 'Replace an experiment of the same name'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from save" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from save" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from save" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from save" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from list" -l rev -d 'The experiments of this commit; may be repeated' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from list" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from list" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from list" -s A -l all-commits -d 'The experiments of every commit'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from list" -l name-only -d 'Names only, one a line'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from show" -l rev -d 'The experiments of this commit; may be repeated' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from show" -s n -l limit -d 'The experiments of the last N commits' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from show" -l sort-by -d 'Sort by this metric or parameter, best first; a part of its name will do' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from show" -l sort-order -d 'Which way to sort [default: best first for metrics, least first for parameters]' -r -f -a "asc\t''
desc\t''"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from show" -l drop -d 'Leave out columns whose name has this text in it, or matches this glob; may be repeated' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from show" -l keep -d 'Show such columns whatever else leaves them out; may be repeated' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from show" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from show" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from show" -s A -l all-commits -d 'The experiments of every commit'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from show" -l only-changed -d 'Only metrics and parameters that are not the same everywhere, also in --csv and --md'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from show" -l csv -d 'Comma-separated values, with every column and full names'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from show" -l md -d 'A table for Markdown, as for GitHub\'s step summary'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from show" -l hide-queued -d 'Leave out what waits in the queue'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from show" -l hide-failed -d 'Leave out what failed'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from show" -l hide-workspace -d 'Leave out the workspace'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from diff" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from diff" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from diff" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from diff" -l all -d 'Also what is the same'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from diff" -l md -d 'A table for Markdown'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from diff" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from apply" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from apply" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from apply" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from apply" -s f -l force -d 'Overwrite uncommitted changes, and data that is nowhere else'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from apply" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from apply" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from apply" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from apply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from branch" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from branch" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from branch" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from branch" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from branch" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from branch" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from branch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from remove" -l rev -d 'The experiments of this commit; may be repeated' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from remove" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from remove" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from remove" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from remove" -l queue -d 'Everything that waits or failed'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from remove" -s A -l all-commits -d 'The experiments of every commit'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from remove" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from rename" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from rename" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from rename" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from rename" -s f -l force -d 'Replace an experiment of that name'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from rename" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from rename" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from rename" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from push" -l rev -d 'The experiments of this commit; may be repeated' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from push" -s r -l remote -d 'The remote that has the data, or a URL' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from push" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from push" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from push" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from push" -s A -l all-commits -d 'The experiments of every commit'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from push" -l no-data -d 'Leave the data where it is'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from push" -s f -l force -d 'Replace experiments of the same name'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from push" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from push" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from push" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from push" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from pull" -l rev -d 'The experiments of this commit; may be repeated' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from pull" -s r -l remote -d 'The remote that has the data, or a URL' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from pull" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from pull" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from pull" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from pull" -s A -l all-commits -d 'The experiments of every commit'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from pull" -l no-data -d 'Leave the data where it is'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from pull" -s f -l force -d 'Replace experiments of the same name'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from pull" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from pull" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from pull" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand exp; and __fish_seen_subcommand_from pull" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -s S -l set -d 'Set or search a parameter: [FILE:]KEY=VALUE, of `params.yaml` if no file is named' -r
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -l metric -d 'What configurations are compared by: [FILE:]KEY of a metric file' -r
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -l goal -d 'Whether less or more of it is better' -r -f -a "min\t''
max\t''"
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -l trials -d 'Configurations to try [default: all of a grid, else 20]' -r
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -l search -d 'How they are chosen [default: grid, or tpe where a parameter may be any number between two]' -r -f -a "grid\t''
random\t''
tpe\t''"
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -l seed -d 'Seed of what is random [default: 0]' -r
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -l startup -d 'Random configurations before tpe looks at results [default: 10, or half of --trials]' -r
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -l stop -d 'End trials early that fall behind: asha, or asha(min=STEP, eta=N, max=STEP) [default: min=1, eta=3]' -r
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -l watch -d 'Where trials report for --stop: a metric of derm\'s runs, or FILE:KEY of a CSV, TSV or JSON Lines file [default: the metric\'s key, of runs]' -r
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -l folds -d 'Run each configuration for several values of a parameter, and compare the means: KEY=0..4 or KEY=1,2,3' -r
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -l name -d 'What the sweep is called; its experiments are NAME-001, NAME-002, ... [default: two words]' -r
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -l config -d 'Read all of this from a YAML, JSON or TOML file; options go before it' -r -F
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -l resume -d 'Go on with a sweep' -r
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -l md -d 'Print the table as Markdown'
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -a "list" -d 'List the sweeps'
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -a "show" -d 'Show the table of a sweep'
complete -c derm -n "__fish_derm_using_subcommand sweep; and not __fish_seen_subcommand_from list show remove" -a "remove" -d 'Forget a sweep; its experiments stay'
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from list" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from list" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from show" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from show" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from show" -l md -d 'Print the table as Markdown'
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from remove" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from remove" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from remove" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from remove" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand sweep; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand migrate; and not __fish_seen_subcommand_from dvc" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand migrate; and not __fish_seen_subcommand_from dvc" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand migrate; and not __fish_seen_subcommand_from dvc" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand migrate; and not __fish_seen_subcommand_from dvc" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand migrate; and not __fish_seen_subcommand_from dvc" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand migrate; and not __fish_seen_subcommand_from dvc" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand migrate; and not __fish_seen_subcommand_from dvc" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand migrate; and not __fish_seen_subcommand_from dvc" -f -a "dvc" -d 'Make a DVC project a derm repository, so that nothing has to run again'
complete -c derm -n "__fish_derm_using_subcommand migrate; and __fish_seen_subcommand_from dvc" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand migrate; and __fish_seen_subcommand_from dvc" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand migrate; and __fish_seen_subcommand_from dvc" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand migrate; and __fish_seen_subcommand_from dvc" -l dry -d 'Verify, and say what would be done; write nothing'
complete -c derm -n "__fish_derm_using_subcommand migrate; and __fish_seen_subcommand_from dvc" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand migrate; and __fish_seen_subcommand_from dvc" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand migrate; and __fish_seen_subcommand_from dvc" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand migrate; and __fish_seen_subcommand_from dvc" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand install" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand install" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand install" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand install" -l remove -d 'Take the hooks and the merge driver back'
complete -c derm -n "__fish_derm_using_subcommand install" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand install" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand install" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand data; and not __fish_seen_subcommand_from ingest split audit stats extract" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand data; and not __fish_seen_subcommand_from ingest split audit stats extract" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand data; and not __fish_seen_subcommand_from ingest split audit stats extract" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand data; and not __fish_seen_subcommand_from ingest split audit stats extract" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand data; and not __fish_seen_subcommand_from ingest split audit stats extract" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand data; and not __fish_seen_subcommand_from ingest split audit stats extract" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand data; and not __fish_seen_subcommand_from ingest split audit stats extract" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand data; and not __fish_seen_subcommand_from ingest split audit stats extract" -f -a "ingest" -d 'Bring a folder of images, in any known layout, into one dataset folder'
complete -c derm -n "__fish_derm_using_subcommand data; and not __fish_seen_subcommand_from ingest split audit stats extract" -f -a "split" -d 'Divide a dataset into training, validation and test images, or into folds'
complete -c derm -n "__fish_derm_using_subcommand data; and not __fish_seen_subcommand_from ingest split audit stats extract" -f -a "audit" -d 'Look for what would make results look better than they are'
complete -c derm -n "__fish_derm_using_subcommand data; and not __fish_seen_subcommand_from ingest split audit stats extract" -f -a "stats" -d 'Describe a dataset: classes, ages, sexes, sites, sizes, colours'
complete -c derm -n "__fish_derm_using_subcommand data; and not __fish_seen_subcommand_from ingest split audit stats extract" -f -a "extract" -d 'Write the pages of TIFF stacks as PNG files'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from ingest" -s o -l out -d 'The dataset folder to make' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from ingest" -l format -d 'The layout of the source' -r -f -a "auto\t'Find out'
class-folders\t'One folder a class, perhaps below Train/ and Test/'
ham10000\t'HAM10000: a metadata table, images, masks'
isic2019\t'ISIC 2018 and 2019: one-hot ground truth'
isic2020\t'ISIC 2020: benign or malignant, with patients'
label-table\t'A table with the column `labels`: any number of labels an image'
one-hot\t'A table of 0 and 1: any number of labels an image'
mask-folders\t'Images and masks, paired by their names'
tiff-stacks\t'Multi-page TIFF stacks and label stacks'
synthetic\t'Drawn pictures'"
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from ingest" -l skip -d 'Leave these out with a warning instead of stopping' -r -f -a "unreadable\t'Files that cannot be decoded'
missing\t'Rows of the table, or masks, without an image'
unlisted\t'Images without a row in the table'
unmasked\t'Images without a mask, where masks are wanted'"
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from ingest" -l task -d 'What the dataset is for [default: what the format has]' -r -f -a "classification\t'One label an image, and masks where there are some'
multi-label\t'Any number of labels an image, and masks where there are some'
segmentation\t'Masks and no labels'"
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from ingest" -l mask-classes -d 'What the masks show, one to three names [default: lesion, of stacks foreground]' -r
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from ingest" -l masks -d 'The folder with the masks, where names do not say which files they are' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from ingest" -l licence -d 'The terms under which the images may be used, for dataset.yaml' -r
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from ingest" -l params -d 'Read options from a YAML file, or from the map at KEY in it; flags win' -r
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from ingest" -l images -d 'How many pictures to draw [default: 600]' -r
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from ingest" -l size -d 'Width and height of the pictures in pixels [default: 96]' -r
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from ingest" -l seed -d 'Every seed draws other pictures [default: 1]' -r
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from ingest" -l classes -d 'Which classes to draw [default: keratosis,melanoma,nevus,vascular]' -r
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from ingest" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from ingest" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from ingest" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from ingest" -l force -d 'Replace the dataset that is already at DIR'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from ingest" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from ingest" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from ingest" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from ingest" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from split" -s o -l out -d 'The split file to write' -r -F
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from split" -l train -d 'Share for training [default: what the others leave]' -r
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from split" -l val -d 'Share for validation [default: 0.15, with --folds 0]' -r
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from split" -l test -d 'Share for the test [default: 0.15]' -r
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from split" -l folds -d 'Deal the images that are not for the test into K folds' -r
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from split" -l group -d 'What must stay together [default: auto]' -r -f -a "auto\t'Images that share a patient, a lesion or their bytes, as far as known'
group\t'Images of one lesion'
patient\t'Images of one patient'
none\t'Nothing: every image by itself'"
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from split" -l seed -d 'Every seed gives another split [default: 1]' -r
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from split" -l official -d 'Take the parts from this table' -r -F
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from split" -l params -d 'Read options from a YAML file, or from the map at KEY in it; flags win' -r
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from split" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from split" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from split" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from split" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from split" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from split" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from split" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from audit" -l split -d 'The split to audit too' -r -F
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from audit" -s o -l out -d 'Also write the findings to this JSON file' -r -F
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from audit" -l fail-on -d 'End with exit code 3 when this is found' -r -f -a "leakage\t'A lesion, a patient or a copy straddles the split'
duplicates\t'Copies, wherever they are'
conflicts\t'Copies with different labels'
unreadable\t'Images or masks that are gone, cannot be used or changed'"
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from audit" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from audit" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from audit" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from audit" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from audit" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from audit" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from audit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from stats" -l split -d 'Count by subset of this split too' -r -F
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from stats" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from stats" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from stats" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from stats" -l no-colour -d 'Do not decode the images for their colours'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from stats" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from stats" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from stats" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from extract" -s o -l out -d 'The new folder to write into' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from extract" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from extract" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from extract" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from extract" -l labels -d 'The pages are labels: write masks of 0 and 255'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from extract" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from extract" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from extract" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand data; and __fish_seen_subcommand_from extract" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand train" -l data -d 'The dataset: a folder made by `derm data ingest`' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand train" -l split -d 'Which image is for training, validation and test: a table made by `derm data split`' -r -F
complete -c derm -n "__fish_derm_using_subcommand train" -l out -d 'The folder that the bundle is written to' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand train" -l params -d 'Options from a YAML file, or from the map at a dotted key of it; the command line wins' -r -F
complete -c derm -n "__fish_derm_using_subcommand train" -l network -d 'A network that `derm model zoo` lists, with `.TAG` where one of its published weights is meant [default: resnet18]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l weights -d 'Weights to start from: a safetensors or PyTorch file, a bundle, a hub name OWNER/NAME[@REV][:FILE], `published` for the network\'s own on the hub, or `none` [default: none]' -r -F
complete -c derm -n "__fish_derm_using_subcommand train" -l image-size -d 'Side of the square that images are brought to, in pixels; 0 means the network\'s own [default: 0]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l colour-constancy -d 'Make the light in each image grey before anything else: `shades-of-gray` takes the Minkowski mean (p = 6) of its levels for the light. The bundle keeps it, and whatever uses the bundle does the same [default: none]' -r -f -a "none\t''
shades-of-gray\t''"
complete -c derm -n "__fish_derm_using_subcommand train" -l freeze -d 'Weights that stay: `backbone` trains the head alone, on features that are computed once [default: none]' -r -f -a "none\t''
backbone\t''"
complete -c derm -n "__fish_derm_using_subcommand train" -l metadata -d 'What the network reads beside the images: the columns `age`, `sex` and `site` of the dataset\'s manifest, or some of them. Best on trained weights with `--freeze backbone` [default: nothing]' -r -f -a "age\t''
sex\t''
site\t''"
complete -c derm -n "__fish_derm_using_subcommand train" -l metadata-dropout -d 'How often a value is left out between the two layers that read the metadata [default: 0.3]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l metadata-missing -d 'How often a field of an image is taken as missing in training [default: 0.1]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l device -d 'Where to compute [default: cpu]' -r -f -a "cpu\t''
cuda\t''
metal\t''"
complete -c derm -n "__fish_derm_using_subcommand train" -l recipe -d 'A named preset of the options below, each of which can still be set: `cnn-finetune` or `vit-finetune` from published weights, `linear-probe` for a new head alone, `from-scratch`; `unet` or `nnunet` for masks' -r -f -a "cnn-finetune\t''
vit-finetune\t''
linear-probe\t''
from-scratch\t''
unet\t''
nnunet\t''"
complete -c derm -n "__fish_derm_using_subcommand train" -l epochs -d 'Times that every training image is seen [default: 20; 60 with a frozen backbone]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l batch-size -d 'Images in a step [default: 32; 128 with a frozen backbone]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l grad-checkpointing -d 'Keep fewer values for the gradients and work them out again: less memory, more time, the same weights to the bit [default: false]' -r -f -a "true\t''
false\t''"
complete -c derm -n "__fish_derm_using_subcommand train" -l precision -d 'What the factors of large linear layers (128 channels in and out or more) are rounded to in training; weights, sums, norms and losses stay f32. `bf16` is faster for transformers on CPUs that have its products (AVX512-BF16) [default: f32]' -r -f -a "f32\t''
bf16\t''"
complete -c derm -n "__fish_derm_using_subcommand train" -l accumulate -d 'Batches whose gradients are averaged for one step: more images a step in the same memory [default: 1]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l optimizer -d 'How weights follow their gradients [default: adamw]' -r -f -a "adamw\t''
sgd\t''"
complete -c derm -n "__fish_derm_using_subcommand train" -l lr -d 'The highest learning rate [default: 0.001; 0.02 for sgd]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l schedule -d 'How the learning rate goes on after its rise [default: cosine]' -r -f -a "cosine\t''
one-cycle\t''
poly\t''
steps\t''
plateau\t''
constant\t''"
complete -c derm -n "__fish_derm_using_subcommand train" -l backbone-lr-factor -d 'The backbone\'s learning rate as a part of the head\'s [default: 0.1 from given weights, else 1]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l layer-decay -d 'Each block\'s learning rate as a part of that of the block after it [default: 1]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l head-epochs -d 'Epochs at the beginning in which the head learns alone [default: 0]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l warmup-epochs -d 'Epochs in which the learning rate rises to its highest [default: a twentieth of all, at least 0.5, at most 5; three tenths of all for one-cycle]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l final-lr-fraction -d 'The part of the highest learning rate that the cosine falls to [default: 0.01]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l weight-decay -d 'Decay of the weights [default: 0.05; 0.0005 for sgd]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l momentum -d 'Momentum of sgd [default: 0.9]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l nesterov -d 'Whether sgd looks ahead along its momentum [default: false]' -r -f -a "true\t''
false\t''"
complete -c derm -n "__fish_derm_using_subcommand train" -l grad-clip -d 'The largest norm of all gradients together; 0 means no limit [default: 1]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l ema -d 'Keep an average of the weights, of which a step keeps so much, and judge and publish that; 0 means none [default: 0]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l sampler -d 'Which images an epoch sees: `shuffled`, all once; `balanced`, as many, every class as often as any other [default: shuffled]' -r -f -a "shuffled\t''
balanced\t''"
complete -c derm -n "__fish_derm_using_subcommand train" -l class-weights -d 'Weights of the classes in the loss; `balanced`: rare classes count as much as frequent ones; where images have any number of labels, those with a label as much as those without it [default: balanced; none with `--sampler balanced` and for such labels]' -r -f -a "none\t''
balanced\t''"
complete -c derm -n "__fish_derm_using_subcommand train" -l focal-gamma -d 'Exponent of the focal loss, which looks at what is not yet learnt; 0 means cross-entropy [default: 0]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l drop-path -d 'How often the last block\'s residual branches are left out for an image, those before it less; for transformers and ConvNeXt [default: 0]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l dice-weight -d 'How much the soft Dice loss counts beside binary cross-entropy where masks are learnt; 0 means not at all [default: 1]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l deep-supervision -d 'Whether masks are learnt at the coarser steps of the way up too, for U-Nets [default: false; true with `--recipe nnunet`]' -r -f -a "true\t''
false\t''"
complete -c derm -n "__fish_derm_using_subcommand train" -l label-smoothing -d 'Part of each target that is spread over all classes [default: 0]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l monitor -d 'The validation metric that tells the best epoch, such as balanced_accuracy, macro_auc or log_loss [default: balanced_accuracy; macro_auc where images have any number of labels]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l patience -d 'Stop after N epochs without a better one; 0 means never [default: 0]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l seed -d 'The number that all random choices follow from [default: 0]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l fold -d 'Train for this fold of a split with folds' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l augment -d 'A named strength; the options below change single parts of it. `isic2020` is the list of that challenge\'s winners: transposed and mirrored; brightness, contrast; blur or noise; distortion; equalised lightness; hue; shift, scale, rotation; a black hole. `-light` is half of it, `-strong` a quarter more [default: medium; none with a frozen backbone]' -r -f -a "none\t''
light\t''
medium\t''
strong\t''
isic2020-light\t''
isic2020\t''
isic2020-strong\t''"
complete -c derm -n "__fish_derm_using_subcommand train" -l flips -d 'Mirror images' -r -f -a "true\t''
false\t''"
complete -c derm -n "__fish_derm_using_subcommand train" -l rotation -d 'Rotate by up to so many degrees either way' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l crop -d 'The smallest part of the area that a random crop keeps; 1 means no crop' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l colour-jitter -d 'Vary brightness, contrast and saturation by up to this part either way' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l hue -d 'Turn the hue by up to so many degrees either way' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l mixup -d 'Blend images in pairs, by parts that follow Beta(ALPHA, ALPHA); 0 means never [default: 0]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l cutmix -d 'Put a box of another image into each, of an area that follows Beta(ALPHA, ALPHA); 0 means never [default: 0]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l experiment -d 'The experiment that the run belongs to [default: train]' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l name -d 'A name for the run' -r -f
complete -c derm -n "__fish_derm_using_subcommand train" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand train" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand train" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand train" -l restart -d 'Forget the checkpoint of an earlier start and begin anew'
complete -c derm -n "__fish_derm_using_subcommand train" -l dry -d 'Say what the training would take (weights, memory, time, measured on a few steps), and train nothing'
complete -c derm -n "__fish_derm_using_subcommand train" -l find-lr -d 'Raise the learning rate from step to step until the loss is lost, say which rates the network bears, and train nothing'
complete -c derm -n "__fish_derm_using_subcommand train" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand train" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand train" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand train" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand predict" -l model -d 'The bundle: a folder made by `derm train`' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand predict" -l data -d 'A dataset instead of images' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand predict" -l split -d 'A split of the dataset' -r -F
complete -c derm -n "__fish_derm_using_subcommand predict" -l subset -d 'The subset of the split [default: test]' -r -f -a "train\t''
val\t''
test\t''"
complete -c derm -n "__fish_derm_using_subcommand predict" -l fold -d 'The fold of a split with folds' -r -f
complete -c derm -n "__fish_derm_using_subcommand predict" -l metadata -d 'A CSV with the columns image, age, sex and site (a dataset\'s manifest.csv will do), for a model that was trained with them; what is not there is taken as missing' -r -F
complete -c derm -n "__fish_derm_using_subcommand predict" -l out -d 'Write all probabilities as CSV, or masks into this folder' -r -F
complete -c derm -n "__fish_derm_using_subcommand predict" -l top -d 'Show the N most probable classes of each image' -r -f
complete -c derm -n "__fish_derm_using_subcommand predict" -l threshold -d 'Where the probabilities of masks are cut [default: 0.5]' -r -f
complete -c derm -n "__fish_derm_using_subcommand predict" -l device -d 'Where the network runs; `cuda` and `metal` need a derm that was built for them' -r -f -a "cpu\t''
cuda\t''
metal\t''"
complete -c derm -n "__fish_derm_using_subcommand predict" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand predict" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand predict" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand predict" -l probabilities -d 'Also write the probabilities of masks: DIR/probabilities/NAME.png, 16 bits, 65,535 is 1'
complete -c derm -n "__fish_derm_using_subcommand predict" -l tta -d 'Look from eight sides (mirrored and turned) and take the mean; eight times the work'
complete -c derm -n "__fish_derm_using_subcommand predict" -l strict -d 'Stop at the first image that cannot be read'
complete -c derm -n "__fish_derm_using_subcommand predict" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand predict" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand predict" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand predict" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand evaluate" -l predictions -d 'The table of predictions, or the folder of predicted masks, to evaluate' -r -F
complete -c derm -n "__fish_derm_using_subcommand evaluate" -l model -d 'The bundle to predict with: a folder made by `derm train`' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand evaluate" -l data -d 'The dataset; beside --predictions it gives pictures, and the labels and groups that the table lacks' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand evaluate" -l split -d 'The split whose subset is evaluated; without it all images are' -r -F
complete -c derm -n "__fish_derm_using_subcommand evaluate" -l subset -d 'The subset of the split [default: test]' -r -f -a "train\t''
val\t''
test\t''"
complete -c derm -n "__fish_derm_using_subcommand evaluate" -l fold -d 'The fold of a split with folds' -r -f
complete -c derm -n "__fish_derm_using_subcommand evaluate" -l threshold -d 'Where soft masks are cut, 0 to 1 [default of a model: 0.5]' -r -f
complete -c derm -n "__fish_derm_using_subcommand evaluate" -l device -d 'Where the network runs; `cuda` and `metal` need a derm that was built for them' -r -f -a "cpu\t''
cuda\t''
metal\t''"
complete -c derm -n "__fish_derm_using_subcommand evaluate" -l out -d 'The folder to write into; it is made when it is not there' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand evaluate" -l experiment -d 'The experiment that the run is recorded under' -r -f
complete -c derm -n "__fish_derm_using_subcommand evaluate" -l resamples -d 'Draws of the bootstrap behind the intervals, 0 for none [default: 1000]' -r -f
complete -c derm -n "__fish_derm_using_subcommand evaluate" -l seed -d 'Seed of the bootstrap [default: 0]' -r -f
complete -c derm -n "__fish_derm_using_subcommand evaluate" -l params -d 'Read `resamples` and `seed` from a map in a YAML file, such as `params.yaml:evaluate`; the command line wins' -r -F
complete -c derm -n "__fish_derm_using_subcommand evaluate" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand evaluate" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand evaluate" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand evaluate" -l tta -d 'Look from eight sides (mirrored and turned) and take the mean; eight times the work'
complete -c derm -n "__fish_derm_using_subcommand evaluate" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand evaluate" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand evaluate" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand evaluate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand ensemble" -l out -d 'The table to write' -r -F
complete -c derm -n "__fish_derm_using_subcommand ensemble" -l mean -d 'How probabilities are averaged' -r -f -a "arithmetic\t'Their mean'
geometric\t'The mean of their logarithms, brought back to a sum of 1'"
complete -c derm -n "__fish_derm_using_subcommand ensemble" -l weights -d 'How much each table counts, in their order [default: all alike]' -r -f
complete -c derm -n "__fish_derm_using_subcommand ensemble" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand ensemble" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand ensemble" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand ensemble" -l any -d 'Take images that only some of the tables have, too'
complete -c derm -n "__fish_derm_using_subcommand ensemble" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand ensemble" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand ensemble" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand ensemble" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand explain" -l model -d 'The bundle: a folder made by `derm train`' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand explain" -l metadata -d 'A CSV with the columns image, age, sex and site, for a model that was trained with them; what is not there is taken as missing' -r -F
complete -c derm -n "__fish_derm_using_subcommand explain" -l out -d 'The folder that the pictures are written to; it is made when it is not there' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand explain" -l method -d 'How maps are made [default: attention-rollout for transformers with global attention, else grad-cam]' -r -f -a "grad-cam\t'The last image inside the network, weighted by slopes'
grad-cam++\t'The same with weights that find several places better'
attention-rollout\t'Attention from layer to layer, whatever the class'
integrated-gradients\t'What each pixel adds to the class'"
complete -c derm -n "__fish_derm_using_subcommand explain" -l class -d 'The class to explain [default: each image\'s most probable one]' -r -f
complete -c derm -n "__fish_derm_using_subcommand explain" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand explain" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand explain" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand explain" -l npy -d 'Also write each map as a NumPy array: f32 [height, width] from 0 to 1, as fine as the method sees'
complete -c derm -n "__fish_derm_using_subcommand explain" -l check -d 'Compare with the maps of the same network at random weights'
complete -c derm -n "__fish_derm_using_subcommand explain" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand explain" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand explain" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand drift" -l reference -d 'The reference: a dataset, or a folder of images' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand drift" -l current -d 'What is compared with it: a dataset, or a folder of images' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand drift" -l reference-subset -d 'Take only this subset of the reference: train, val or test' -r -f -a "train\t''
val\t''
test\t''"
complete -c derm -n "__fish_derm_using_subcommand drift" -l current-subset -d 'Take only this subset of the current dataset' -r -f -a "train\t''
val\t''
test\t''"
complete -c derm -n "__fish_derm_using_subcommand drift" -l split -d 'The split file that names the subsets of both sides' -r -F
complete -c derm -n "__fish_derm_using_subcommand drift" -l fold -d 'The fold of the split, when it has folds' -r -f
complete -c derm -n "__fish_derm_using_subcommand drift" -l model -d 'A bundle that predicts both sides, so that predictions are compared too' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand drift" -l device -d 'Where the network runs; `cuda` and `metal` need a derm that was built for them' -r -f -a "cpu\t''
cuda\t''
metal\t''"
complete -c derm -n "__fish_derm_using_subcommand drift" -l reference-predictions -d 'Predictions for the reference, as `derm predict` writes them' -r -F
complete -c derm -n "__fish_derm_using_subcommand drift" -l current-predictions -d 'Predictions for the current images' -r -F
complete -c derm -n "__fish_derm_using_subcommand drift" -l out -d 'Folder for `drift.json` and `drift.html`' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand drift" -l params -d 'Read settings from a YAML file, or from the map at a key in it' -r -F
complete -c derm -n "__fish_derm_using_subcommand drift" -l q -d 'False discovery rate over all columns [default: 0.05]' -r -f
complete -c derm -n "__fish_derm_using_subcommand drift" -l min-shift -d 'Least shift that matters, in standard deviations of the reference [default: 0.1]' -r -f
complete -c derm -n "__fish_derm_using_subcommand drift" -l min-v -d 'Least Cramér\'s V that matters for categories [default: 0.1]' -r -f
complete -c derm -n "__fish_derm_using_subcommand drift" -l min-rows -d 'Fewest values a side that are tested [default: 30]' -r -f
complete -c derm -n "__fish_derm_using_subcommand drift" -l splits -d 'How often the reference is split to measure false alarms; 0 for not at all [default: 200]' -r -f
complete -c derm -n "__fish_derm_using_subcommand drift" -l permutations -d 'Rounds of permutation tests [default: 2000]' -r -f
complete -c derm -n "__fish_derm_using_subcommand drift" -l seed -d 'Seed of splits and permutations [default: 0]' -r -f
complete -c derm -n "__fish_derm_using_subcommand drift" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand drift" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand drift" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand drift" -l write-features -d 'Also write the measured features as `reference-features.csv` and `current-features.csv`'
complete -c derm -n "__fish_derm_using_subcommand drift" -l fail-on-drift -d 'Exit with code 3 when something drifts'
complete -c derm -n "__fish_derm_using_subcommand drift" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand drift" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand drift" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand drift" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand export" -l model -d 'The bundle to export: a folder written by `derm train`' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand export" -l network -d 'A network of derm\'s zoo, with published weights and their classes' -r -f
complete -c derm -n "__fish_derm_using_subcommand export" -l weights -d 'Weights for --network: a safetensors or PyTorch file, or a hub name such as `owner/name[@revision][:file]`' -r -F
complete -c derm -n "__fish_derm_using_subcommand export" -l format -d 'What to write' -r -f -a "onnx\t'One ONNX file'
bundle\t'A folder with weights, configuration, model card and provenance'"
complete -c derm -n "__fish_derm_using_subcommand export" -l out -d 'Where to write it: a file for onnx, a folder for bundle' -r -F
complete -c derm -n "__fish_derm_using_subcommand export" -l output -d 'What the ONNX graph gives' -r -f -a "logits\t'Values before softmax'
probabilities\t'Softmax applied: each row sums to 1; of masks and of labels that do not exclude each other sigmoid'"
complete -c derm -n "__fish_derm_using_subcommand export" -l preprocess -d 'How much preprocessing the ONNX graph does itself' -r -f -a "none\t'Nothing: reads normalised float32 [N, 3, H, W]'
normalise\t'Normalisation: reads uint8 [N, H, W, 3], RGB of exactly the right size'"
complete -c derm -n "__fish_derm_using_subcommand export" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand export" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand export" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand export" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand export" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand export" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand model; and not __fish_seen_subcommand_from zoo weights" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand model; and not __fish_seen_subcommand_from zoo weights" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand model; and not __fish_seen_subcommand_from zoo weights" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand model; and not __fish_seen_subcommand_from zoo weights" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand model; and not __fish_seen_subcommand_from zoo weights" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand model; and not __fish_seen_subcommand_from zoo weights" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand model; and not __fish_seen_subcommand_from zoo weights" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand model; and not __fish_seen_subcommand_from zoo weights" -f -a "zoo" -d 'List the networks that `derm train --network` takes'
complete -c derm -n "__fish_derm_using_subcommand model; and not __fish_seen_subcommand_from zoo weights" -f -a "weights" -d 'Say what of a weights file a network would take over'
complete -c derm -n "__fish_derm_using_subcommand model; and __fish_seen_subcommand_from zoo" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand model; and __fish_seen_subcommand_from zoo" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand model; and __fish_seen_subcommand_from zoo" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand model; and __fish_seen_subcommand_from zoo" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand model; and __fish_seen_subcommand_from zoo" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand model; and __fish_seen_subcommand_from zoo" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand model; and __fish_seen_subcommand_from zoo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand model; and __fish_seen_subcommand_from weights" -l outputs -d 'Classes or masks of the network [default: those of its published weights, else 2]' -r -f
complete -c derm -n "__fish_derm_using_subcommand model; and __fish_seen_subcommand_from weights" -l image-size -d 'Side of the square input in pixels [default: the network\'s own]' -r -f
complete -c derm -n "__fish_derm_using_subcommand model; and __fish_seen_subcommand_from weights" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand model; and __fish_seen_subcommand_from weights" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand model; and __fish_seen_subcommand_from weights" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand model; and __fish_seen_subcommand_from weights" -l keep-head -d 'Load the head too, instead of a fresh one for other classes'
complete -c derm -n "__fish_derm_using_subcommand model; and __fish_seen_subcommand_from weights" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand model; and __fish_seen_subcommand_from weights" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand model; and __fish_seen_subcommand_from weights" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand model; and __fish_seen_subcommand_from weights" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare watch" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare watch" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare watch" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare watch" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare watch" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare watch" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare watch" -f -a "list" -d 'List runs, newest first'
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare watch" -f -a "show" -d 'Show one run'
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare watch" -f -a "compare" -d 'Compare runs side by side'
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare watch" -f -a "watch" -d 'Watch a run\'s curves while it grows'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -l experiment -d 'Only the runs of this experiment' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -l status -d 'Only runs that ended so, or are still running' -r -f -a "running\t''
finished\t''
failed\t''
interrupted\t''
crashed\t''"
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -l sort -d 'Sort by a metric\'s best value, a parameter, `started` or `duration`; best or newest first' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -s n -l limit -d 'List at most N runs' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -l columns -d 'Also show these metrics and parameters, separated by commas' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -l reverse -d 'Turn the order round'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from show" -l history -d 'Also show every value of these metrics, separated by commas' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from show" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from show" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from compare" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from compare" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from compare" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from compare" -l all -d 'Also show the parameters that are equal'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from compare" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from compare" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from compare" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from compare" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from watch" -l metrics -d 'The metrics to show, separated by commas [default: train_loss and those of the validation images]' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from watch" -l every -d 'Seconds between two looks' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from watch" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from watch" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from watch" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from watch" -l once -d 'Look once and end'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from watch" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from watch" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from watch" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand completions" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand completions" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand completions" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand completions" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand completions" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand completions" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand man" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand man" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand man" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand man" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand man" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand man" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand merge-driver" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand merge-driver" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand merge-driver" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand merge-driver" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand merge-driver" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand merge-driver" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand merge-driver" -s h -l help -d 'Print help (see more with \'--help\')'
